// Package browser opens the HTML report in a real browser and looks at it, on
// the screen of a phone and of a desk, in light and dark, and on paper.
package browser
