// Command draw writes the pictures of the manual, each for a light and for a dark
// page, from the templates beside it.
package main

//go:generate go run .

import (
	"embed"
	"errors"
	"log"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed *.svg.tmpl
var templates embed.FS

// colors of a page.
type colors struct {
	Page, Box, Edge, Text, Quiet, Good, Bad string
}

var pages = map[string]colors{
	"light": {Page: "#ffffff", Box: "#f6f8fa", Edge: "#8c959f", Text: "#1f2328", Quiet: "#59636e", Good: "#0969da", Bad: "#cf222e"},
	"dark":  {Page: "#0d1117", Box: "#161b22", Edge: "#6e7681", Text: "#e6edf3", Quiet: "#9198a1", Good: "#58a6ff", Bad: "#ff7b72"},
}

func main() {
	if err := draw(".."); err != nil {
		log.Fatal(err)
	}
}

// draw writes all pictures into a folder.
func draw(dir string) error {
	all, err := template.ParseFS(templates, "*.svg.tmpl")
	if err != nil {
		return err
	}
	for _, t := range all.Templates() {
		for page, colors := range pages {
			name := strings.TrimSuffix(t.Name(), ".svg.tmpl") + "-" + page + ".svg"
			picture, err := os.Create(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			if err := errors.Join(t.Execute(picture, colors), picture.Close()); err != nil {
				return err
			}
		}
	}
	return nil
}
