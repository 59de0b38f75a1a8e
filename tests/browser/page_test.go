//go:build browser

package browser_test

import (
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	phoneLight = screen{"phone-light", 390, 844, true, "screen", "light"}
	phoneDark  = screen{"phone-dark", 390, 844, true, "screen", "dark"}
	deskLight  = screen{"desk-light", 1280, 900, false, "screen", "light"}
	deskDark   = screen{"desk-dark", 1280, 900, false, "screen", "dark"}
	paper      = screen{"paper", 794, 1123, false, "print", "dark"}
)

// marked are the colors in which the picture frames what has an error.
var marked = map[string]color.NRGBA{"light": {0xb3, 0x14, 0x1d, 0xff}, "dark": {0xff, 0x8f, 0x87, 0xff}}

// TestThePageCanBeRead looks at a report on replicas with mistakes and a real
// database, and at one with 50 replicas that asked each other.
func TestThePageCanBeRead(t *testing.T) {
	open := start(t)
	for _, r := range []written{small(t), hostile(t), large(t)} {
		for _, on := range r.screens {
			t.Run(r.name+"-"+on.name, func(t *testing.T) {
				got := look(t, open, r.page, on)
				canBeRead(t, r, got)
				scheme := on.scheme
				if on.media == "print" {
					scheme = "light"
				}
				if scheme == "dark" {
					assert.Less(t, got.Background, 0.05)
				} else {
					assert.Greater(t, got.Background, 0.9)
				}
				hasThePicture(t, r, on, scheme, got)
			})
		}
	}
}

// canBeRead holds a page to what everybody needs: each finding is there, within the
// width of the screen, in a size and color that can be read.
func canBeRead(t *testing.T, r written, got seen) {
	t.Helper()
	assert.Equal(t, []string{"file://" + r.page}, got.requests, "no request leaves the page")
	assert.LessOrEqual(t, got.Width, got.Viewport, "nothing is wider than the screen")
	assert.Empty(t, got.Outside)
	assert.Empty(t, got.Pale, "contrast of 4.5:1, WCAG 2.2 AA")
	assert.Empty(t, got.Small)
	assert.Empty(t, got.Spilled, "texts stay in their boxes")
	assert.Equal(t, "coder-ha: failed", got.Title)
	for _, text := range r.texts {
		assert.Contains(t, got.Texts, text)
	}
	level := 0
	for _, h := range got.Headings {
		assert.LessOrEqual(t, h, level+1, "no level of the headings is left out")
		level = h
	}
}

// hasThePicture wants the one drawing for the width of the screen, with a box for
// each part, in the colors of what was found.
func hasThePicture(t *testing.T, r written, on screen, scheme string, got seen) {
	t.Helper()
	require.NotEmpty(t, got.Pictures)
	picture := got.Pictures[0]
	want := "wide"
	if on.phone {
		want = "narrow"
	}
	assert.Equal(t, want, picture.Name)
	boxes := strings.Join(picture.Boxes, "\n")
	for _, name := range append(r.drawn, "access URL", "between replicas", "Postgres") {
		assert.Contains(t, boxes, name)
	}
	assert.Positive(t, picture.Errors)
	colors := picture.colors(t)
	assert.Greater(t, len(colors), 10)
	assert.Greater(t, colors[marked[scheme]], 300, "the frame of what has an error")
	var others []string
	for _, p := range got.Pictures[1:] {
		assert.Greater(t, len(p.colors(t)), 3, p.Name)
		others = append(others, p.Name)
	}
	assert.Equal(t, r.drawings, others)
}

// TestWhatCannotBeReadIsSeen holds the tests above to a page with every fault that
// they look for.
func TestWhatCannotBeReadIsSeen(t *testing.T) {
	page := filepath.Join(t.TempDir(), "faulty.html")
	require.NoError(t, os.WriteFile(page, []byte(`<!DOCTYPE html><html><head><title>faulty</title></head><body style="background:#fff">
<p style="color:#aaa">pale</p><p style="font-size:6px">small</p><p style="white-space:nowrap;width:3000px;text-align:right">outside</p><p hidden>hidden</p>
<figure><svg class="wide" viewBox="0 0 100 100"><rect class="error" fill="#fff" width="20" height="20"/><svg width="20" height="20"><text y="12">spilled over the edge</text></svg></svg></figure>
<img src="http://127.0.0.1:9/picture"><script>document.title = "a script ran"</script></body></html>`), 0o600))
	got := look(t, start(t), page, phoneLight)
	assert.Equal(t, "faulty", got.Title, "scripts are off")
	assert.Contains(t, got.requests, "http://127.0.0.1:9/picture")
	assert.Greater(t, got.Width, 3000.0-1)
	require.Len(t, got.Pale, 1)
	assert.Contains(t, got.Pale[0], "pale: 2.32")
	assert.Contains(t, got.Small[0], "small: 6")
	assert.Equal(t, []string{"outside"}, got.Outside)
	assert.Equal(t, []string{"spilled over the edge"}, got.Spilled)
	assert.NotContains(t, got.Texts, "hidden")
}
