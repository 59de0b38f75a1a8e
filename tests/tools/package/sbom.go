package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/generate/bin"
	"github.com/CycloneDX/cyclonedx-gomod/pkg/licensedetect/local"
	"github.com/rs/zerolog"
)

// bom is the bill of materials of a program, as CycloneDX: the
// modules that the linker took, as the program itself names them, with their
// licenses.
func (s source) bom(path string) ([]byte, error) {
	quiet := zerolog.Nop()
	generator, err := bin.NewGenerator(path,
		bin.WithLogger(quiet),
		bin.WithIncludeStdlib(true),
		bin.WithLicenseDetector(local.NewDetector(quiet)),
		bin.WithVersionOverride("v"+s.version))
	if err != nil {
		return nil, fmt.Errorf("prepare the bill of materials for %s: %w", filepath.Base(path), err)
	}
	bom, err := generator.Generate()
	if err != nil {
		return nil, fmt.Errorf("make the bill of materials for %s: %w", filepath.Base(path), err)
	}
	bom.Metadata.Timestamp = s.at.Format(time.RFC3339)
	bom.Metadata.Component.Licenses = &cdx.Licenses{{License: &cdx.License{ID: "Apache-2.0"}}}
	var out bytes.Buffer
	if err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).Encode(bom); err != nil {
		return nil, fmt.Errorf("write the bill of materials for %s: %w", filepath.Base(path), err)
	}
	return out.Bytes(), nil
}
