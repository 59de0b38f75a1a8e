package rehearse

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// TestAJobIsRemovedAlsoWhereNobodyHeardThatItWasMade ends the run while the API server
// is at the request that makes the Job.
func TestAJobIsRemovedAlsoWhereNobodyHeardThatItWasMade(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var made atomic.Bool
	var removed atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method {
		case http.MethodPost:
			_, _ = io.Copy(io.Discard, r.Body)
			made.Store(true)
			cancel()
			<-r.Context().Done()
		case http.MethodDelete:
			removed.Store(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
			_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Success"}`)
		default:
			_, _ = io.WriteString(w, `{"kind":"List","apiVersion":"v1","items":[]}`)
		}
	}))
	defer server.Close()
	_, err := Run(ctx, Options{
		Config: &rest.Config{Host: server.URL}, Deployment: &deployment.Deployment{}, Workloads: []Workload{replicas()}, Image: "agent:1",
		Say: func(string) {}, Progress: func(string) {},
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.True(t, made.Load())
	assert.Regexp(t, "^coder-ha-[0-9a-f]{8}$", removed.Load())
}

// TestTheRemovalIsTriedAgain has an API server that is away for a moment, and one that
// lets this user not do it.
func TestTheRemovalIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []int
		failure string
	}{
		"away for a moment": {[]int{http.StatusServiceUnavailable, http.StatusOK}, ""},
		"gone already":      {[]int{http.StatusNotFound}, ""},
		"not allowed":       {[]int{http.StatusForbidden}, "that is code 403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				code := c.answers[asked.Add(1)-1]
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(code)
				_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"that is code %d","code":%d}`, code, code)
			}))
			defer server.Close()
			api, err := connect(&rest.Config{Host: server.URL})
			require.NoError(t, err)
			err = api.remove(t.Context(), &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "coder-ha-abcd", Namespace: "coder", UID: "1"}})
			assert.EqualValues(t, len(c.answers), asked.Load())
			if c.failure != "" {
				require.ErrorContains(t, err, c.failure)
				return
			}
			require.NoError(t, err)
		})
	}
}
