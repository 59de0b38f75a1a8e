package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coder-ha/coder-ha/plugin/internal/guard"
)

// memory is the value of --max-memory, in bytes.
type memory int64

// addMemory adds the flag for the ceiling, which holds for every command.
func addMemory(root *cobra.Command) {
	ceiling := memory(guard.DefaultMemory)
	root.PersistentFlags().Var(&ceiling, "max-memory", "end the run with an error if it needs more memory than this")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		if err := guard.LimitMemory(int64(ceiling)); err != nil {
			return fmt.Errorf("--max-memory: %w", err)
		}
		return nil
	}
}

// units are the endings of a size, as Kubernetes and as people write them.
var units = map[string]int64{"MiB": 1 << 20, "Mi": 1 << 20, "GiB": 1 << 30, "Gi": 1 << 30}

// Set reads the value of the flag.
func (m *memory) Set(text string) error {
	digits := strings.TrimRight(text, "GMiB")
	unit, known := units[strings.TrimPrefix(text, digits)]
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil || !known || n > math.MaxInt64/unit:
		return errors.New("use a size such as 512MiB or 1GiB")
	case n*unit < guard.LeastMemory:
		return fmt.Errorf("use %dMiB or more", guard.LeastMemory>>20)
	}
	*m = memory(n * unit)
	return nil
}

// String writes the value.
func (m *memory) String() string { return strconv.FormatInt(int64(*m)>>20, 10) + "MiB" }

// Type is the word for the value in the help.
func (*memory) Type() string { return "size" }
