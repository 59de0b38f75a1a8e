package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// yamlWriter writes the document of jsonWriter as YAML. Each scalar has a line,
// and strings are quoted as in JSON, so that no text passes for another type and
// the border reads them as it reads JSON.
type yamlWriter struct{}

func (yamlWriter) Write(w io.Writer, r Report) error {
	var text bytes.Buffer
	if err := (jsonWriter{}).Write(&text, r); err != nil {
		return err
	}
	dec := json.NewDecoder(&text)
	dec.UseNumber()
	c := yamlConverter{in: dec}
	if err := c.value("", "", ""); err != nil {
		return err
	}
	_, err := io.WriteString(w, c.out.String())
	return err
}

// yamlConverter turns the tokens of a JSON document into YAML, in their order.
type yamlConverter struct {
	in  *json.Decoder
	out strings.Builder
}

// value converts one value. First is what stands before it in its line, indent
// before each of its further lines, and space between first and a scalar.
func (c *yamlConverter) value(first, space, indent string) error {
	token, err := c.in.Token()
	if err != nil {
		return err
	}
	switch delimiter, _ := token.(json.Delim); delimiter {
	case '{':
		return c.object(first, space, indent)
	case '[':
		return c.array(first, space, indent)
	}
	text, err := scalar(token)
	if err != nil {
		return err
	}
	fmt.Fprintf(&c.out, "%s%s%s\n", first, space, text)
	return nil
}

// object converts an object: its first key follows the dash of a list, but
// stands below a key.
func (c *yamlConverter) object(first, space, indent string) error {
	if !c.in.More() {
		fmt.Fprintf(&c.out, "%s%s{}\n", first, space)
		return c.end()
	}
	before := indent
	if strings.HasSuffix(first, "-") {
		before = first + space
	} else if first != "" {
		c.out.WriteString(first + "\n")
	}
	for c.in.More() {
		key, err := c.in.Token()
		if err != nil {
			return err
		}
		if err := c.value(fmt.Sprintf("%s%s:", before, key), " ", indent+"  "); err != nil {
			return err
		}
		before = indent
	}
	return c.end()
}

// array converts an array.
func (c *yamlConverter) array(first, space, indent string) error {
	if !c.in.More() {
		fmt.Fprintf(&c.out, "%s%s[]\n", first, space)
		return c.end()
	}
	c.out.WriteString(first + "\n")
	for c.in.More() {
		if err := c.value(indent+"-", " ", indent+"  "); err != nil {
			return err
		}
	}
	return c.end()
}

// end reads what ends an object or an array.
func (c *yamlConverter) end() error {
	_, err := c.in.Token()
	return err
}

// scalar writes a scalar as JSON does, which is YAML too.
func scalar(token json.Token) (string, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	err := enc.Encode(token)
	return strings.TrimSuffix(out.String(), "\n"), err
}
