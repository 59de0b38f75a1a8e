package limits

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACompressedAnswerIsMeasuredUnpacked(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = io.CopyN(packed, endless{}, 1<<20)
		_ = packed.Close()
	}))
	defer server.Close()
	_, err := get(t, Answers(http.DefaultTransport, "the server", Limit{"answers", 1 << 16, Bytes, ""}), server.URL)
	require.EqualError(t, err, "the server: it is too large: the limit of answers is 64 KiB")
	body, err := get(t, Answers(http.DefaultTransport, "the server", Limit{"answers", 1 << 20, Bytes, ""}), server.URL)
	require.NoError(t, err)
	assert.Len(t, body, 1<<20)
}

func TestAnEndlessDownloadEndsAtTheLimit(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, endless{}) }))
	defer server.Close()
	_, err := get(t, Transport("the server", tiny), server.URL)
	assert.ErrorContains(t, err, "the server: it is too large: the limit of small files is")
}

func TestAConnectionTakesInNoMoreThanItsLimit(t *testing.T) {
	here, there := net.Pipe()
	go func() { _, _ = io.Copy(there, endless{}) }()
	_, err := io.ReadAll(Conn(here, "the server", tiny))
	require.EqualError(t, err, "the server: it is too large: the limit of small files is 4 bytes")
	require.NoError(t, here.Close())
}

func get(t *testing.T, transport http.RoundTripper, url string) ([]byte, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	return io.ReadAll(response.Body)
}
