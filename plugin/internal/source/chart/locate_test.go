package chart

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
)

// archive is a chart of one file.
func archive(t *testing.T, version string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	files := tar.NewWriter(zipped)
	text := "apiVersion: v2\nname: web\nversion: " + version + "\n"
	require.NoError(t, files.WriteHeader(&tar.Header{Name: "web/Chart.yaml", Mode: 0o600, Size: int64(len(text))}))
	_, err := files.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, files.Close())
	require.NoError(t, zipped.Close())
	return out.Bytes()
}

// chartServer serves a repository of charts, and remembers who asked for what.
type chartServer struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newChartServer(t *testing.T, charts string) *chartServer {
	t.Helper()
	s := &chartServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.Path+" "+user+":"+password)
		s.mu.Unlock()
		switch name := strings.TrimPrefix(r.URL.Path, "/"); name {
		case "index.yaml":
			at := charts
			if at == "" {
				at = s.URL
			}
			_, _ = w.Write([]byte("apiVersion: v1\nentries:\n  web:\n" +
				"  - {apiVersion: v2, name: web, version: 2.0.0-rc.1, urls: [" + at + "/web-2.0.0-rc.1.tgz]}\n" +
				"  - {apiVersion: v2, name: web, version: 1.1.0, urls: [" + at + "/web-1.1.0.tgz]}\n" +
				"  - {apiVersion: v2, name: web, version: 1.0.0, urls: [" + at + "/web-1.0.0.tgz]}\n"))
		case "web-1.0.0.tgz", "web-1.1.0.tgz", "web-2.0.0-rc.1.tgz":
			_, _ = w.Write(archive(t, strings.TrimSuffix(strings.TrimPrefix(name, "web-"), ".tgz")))
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *chartServer) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// TestAChartIsLocatedAsHelmDoes compares with the action of Helm what is found, what is
// asked of servers, and with which credentials.
func TestAnotherSchemeOrPortIsAnotherServer(t *testing.T) {
	t.Parallel()
	assert.True(t, sameServer("https://charts.example.com/a", "https://charts.example.com/b/web-1.0.0.tgz"))
	for _, other := range []string{
		"http://charts.example.com/web-1.0.0.tgz", "https://charts.example.com:8443/web-1.0.0.tgz", "https://other.example.com/web-1.0.0.tgz",
		"web-1.0.0.tgz", "https://charts.example.com/%zz",
	} {
		assert.False(t, sameServer("https://charts.example.com/a", other), other)
	}
}

func TestAChartIsLocatedAsHelmDoes(t *testing.T) {
	files := newChartServer(t, "")
	elsewhere := newChartServer(t, files.URL)
	here, err := filepath.Abs("testdata/odd")
	require.NoError(t, err)
	for name, opts := range map[string]Options{
		"a folder":                            {Chart: "testdata/odd"},
		"an absolute path":                    {Chart: here},
		"a folder comes before a repository":  {Chart: "testdata/odd", Path: Path{RepoURL: files.URL}},
		"a folder that is not there":          {Chart: "./none"},
		"an absolute path that is not there":  {Chart: here + "/none"},
		"a folder without a signature":        {Chart: "testdata/odd", Path: Path{Verify: true}},
		"the newest release":                  {Chart: "web", Path: Path{RepoURL: files.URL}},
		"a version":                           {Chart: " web ", Path: Path{RepoURL: files.URL, Version: " 1.0.0 "}},
		"a range of versions":                 {Chart: "web", Path: Path{RepoURL: files.URL, Version: "<1.1"}},
		"a version that is not there":         {Chart: "web", Path: Path{RepoURL: files.URL, Version: "9.9.9"}},
		"what is in development":              {Chart: "web", Devel: true, Path: Path{RepoURL: files.URL}},
		"a version comes before --devel":      {Chart: "web", Devel: true, Path: Path{RepoURL: files.URL, Version: "1.1.0"}},
		"a chart that the repository has not": {Chart: "none", Path: Path{RepoURL: files.URL}},
		"credentials":                         {Chart: "web", Path: Path{RepoURL: files.URL, Username: "me", Password: "pa55"}},
		"no credentials for another server":   {Chart: "web", Path: Path{RepoURL: elsewhere.URL, Username: "me", Password: "pa55"}},
		"credentials for every server":        {Chart: "web", Path: Path{RepoURL: elsewhere.URL, Username: "me", Password: "pa55", PassCredentialsAll: true}},
		"a URL":                               {Chart: files.URL + "/web-1.0.0.tgz"},
		"a URL with credentials":              {Chart: files.URL + "/web-1.0.0.tgz", Path: Path{Username: "me", Password: "pa55"}},
		"a URL that is not there":             {Chart: files.URL + "/none.tgz"},
		"a download without a signature":      {Chart: files.URL + "/web-1.0.0.tgz", Path: Path{Verify: true}},
		"a repository that is not known":      {Chart: "unknown/web"},
		"neither a file nor a repository":     {Chart: "web"},
		"a registry that is not there":        {Chart: "oci://127.0.0.1:1/web", Path: Path{Version: "1.0.0", PlainHTTP: true}},
		"a CA file that is not there":         {Chart: "web", Path: Path{RepoURL: files.URL, CaFile: "testdata/none.pem"}},
	} {
		t.Run(name, func(t *testing.T) {
			read := func(find func(Options) (string, error)) (file, content, failed string, asked []string) {
				for _, kind := range []string{"CACHE", "CONFIG", "DATA"} {
					t.Setenv("HELM_"+kind+"_HOME", filepath.Join(t.TempDir(), kind))
				}
				opts.Settings = NewSettings()
				path, err := find(opts)
				asked = append(files.requests(), elsewhere.requests()...)
				if err != nil {
					return "", "", strings.ReplaceAll(err.Error(), opts.Settings.env.RepositoryCache, "CACHE"), asked
				}
				require.True(t, filepath.IsAbs(path))
				if info, err := os.Stat(path); err != nil || info.IsDir() {
					return path, "", "", asked
				}
				text, err := os.ReadFile(path)
				require.NoError(t, err)
				return filepath.Base(path), string(text), "", asked
			}
			file, content, failed, asked := read(byAction)
			gotFile, gotContent, gotFailed, gotAsked := read(locate)
			assert.Equal(t, file, gotFile)
			assert.Equal(t, content, gotContent)
			assert.Equal(t, failed, gotFailed)
			assert.Equal(t, asked, gotAsked)
		})
	}
}

// byAction locates a chart as the commands of Helm do.
func byAction(opts Options) (string, error) {
	client, err := registryClient(opts)
	if err != nil {
		return "", err
	}
	p := opts.Path
	install := action.NewInstall(new(action.Configuration))
	install.SetRegistryClient(client)
	install.RepoURL, install.Version, install.Username, install.Password = p.RepoURL, p.Version, p.Username, p.Password
	install.CertFile, install.KeyFile, install.CaFile, install.Keyring = p.CertFile, p.KeyFile, p.CaFile, p.Keyring
	install.InsecureSkipTLSverify, install.PlainHTTP = p.InsecureSkipTLSverify, p.PlainHTTP
	install.PassCredentialsAll, install.Verify = p.PassCredentialsAll, p.Verify
	if install.Version == "" && opts.Devel {
		install.Version = ">0.0.0-0"
	}
	return install.LocateChart(opts.Chart, opts.Settings.env)
}
