//go:build browser

package browser_test

import (
	"bytes"
	"context"
	_ "embed"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/coder-ha/coder-ha/tests/internal/checkout"
)

// longest is how much of a page a screenshot shows.
const longest = 6000

//go:embed look.js
var lookScript string

// seen is what look.js finds.
type seen struct {
	Title                                string
	Texts, Outside, Pale, Small, Spilled []string
	Pictures                             []drawing
	Width, Height, Viewport              float64
	Background                           float64
	Headings                             []int
	requests                             []string
}

type drawing struct {
	Name                string
	X, Y, Width, Height float64
	Boxes               []string
	Errors              int
	shot                []byte
}

// screen is what a page is shown on.
type screen struct {
	name          string
	width, height int64
	phone         bool
	media, scheme string
}

// browser opens a tab.
type browser func() (tab context.Context, end context.CancelFunc)

// start starts a browser with a profile of its own, and ends it with the test. It
// has no sandbox: root cannot have one, and what it opens is our own.
func start(t *testing.T) browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium-headless-shell", "chromium", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	require.NotEmpty(t, path, "no Chromium on this machine: run make test-browser, which installs it")
	bounded, end := context.WithTimeout(context.WithoutCancel(t.Context()), 2*time.Minute)
	t.Cleanup(end)
	options := append([]chromedp.ExecAllocatorOption{chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir())},
		chromedp.DefaultExecAllocatorOptions[:]...)
	allocator, stop := chromedp.NewExecAllocator(bounded, options...)
	t.Cleanup(stop)
	ctx, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		// It waits until the browser has ended and writes no more into its profile.
		assert.NoError(t, chromedp.Cancel(ctx))
		closeBrowser()
	})
	require.NoError(t, chromedp.Run(ctx))
	return func() (context.Context, context.CancelFunc) { return chromedp.NewContext(ctx) }
}

// look opens a page without scripts, and says what can be seen on it.
func look(t *testing.T, open browser, file string, on screen) seen {
	t.Helper()
	tab, closeTab := open()
	defer closeTab()
	var mu sync.Mutex
	var requests []string
	chromedp.ListenTarget(tab, func(event any) {
		if sent, is := event.(*network.EventRequestWillBeSent); is {
			mu.Lock()
			defer mu.Unlock()
			requests = append(requests, sent.Request.URL)
		}
	})
	var out seen
	var shot []byte
	require.NoError(t, chromedp.Run(tab,
		network.Enable(),
		emulation.SetScriptExecutionDisabled(true),
		emulation.SetEmulatedMedia().WithMedia(on.media).WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: on.scheme}}),
		emulation.SetDeviceMetricsOverride(on.width, on.height, 1, on.phone),
		chromedp.Navigate("file://"+file),
		chromedp.Evaluate(lookScript, &out),
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			shot, err = capture(ctx, page.Viewport{Width: out.Viewport, Height: min(out.Height, longest)})
			for i, p := range out.Pictures {
				if err != nil {
					break
				}
				out.Pictures[i].shot, err = capture(ctx, page.Viewport{X: p.X, Y: p.Y, Width: p.Width, Height: p.Height})
			}
			return err
		}),
	))
	mu.Lock()
	defer mu.Unlock()
	out.requests = requests
	dir, err := checkout.Path(".cache/browser")
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(file), ".html")+"-"+on.name+".png"), shot, 0o600))
	return out
}

// capture is a part of a page as PNG.
func capture(ctx context.Context, clip page.Viewport) ([]byte, error) {
	clip.Scale = 1
	return page.CaptureScreenshot().WithCaptureBeyondViewport(true).WithClip(&clip).Do(ctx)
}

// colors counts the colors of a drawing, as they were on the screen.
func (d drawing) colors(t *testing.T) map[color.Color]int {
	t.Helper()
	shown, err := png.Decode(bytes.NewReader(d.shot))
	require.NoError(t, err)
	out := map[color.Color]int{}
	for y := shown.Bounds().Min.Y; y < shown.Bounds().Max.Y; y++ {
		for x := shown.Bounds().Min.X; x < shown.Bounds().Max.X; x++ {
			out[color.NRGBAModel.Convert(shown.At(x, y))]++
		}
	}
	return out
}
