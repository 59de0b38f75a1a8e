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
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/coder-ha/coder-ha/plugin/internal/deployment"
)

// readable is the way to an API server to which requests are JSON.
func readable(host string) *rest.Config {
	return &rest.Config{Host: host, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
}

// TestAJobIsRemovedAlsoWhereNobodyHeardThatItWasMade ends the run while the API server
// is at the request that makes the Job.
func TestAJobIsRemovedAlsoWhereNobodyHeardThatItWasMade(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var made atomic.Bool
	var removed, condition atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.Method {
		case http.MethodPost:
			_, _ = io.Copy(io.Discard, r.Body)
			made.Store(true)
			cancel()
			<-r.Context().Done()
		case http.MethodDelete:
			body, _ := io.ReadAll(r.Body)
			condition.Store(string(body))
			removed.Store(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:])
			_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Success"}`)
		default:
			_, _ = io.WriteString(w, `{"kind":"List","apiVersion":"v1","items":[]}`)
		}
	}))
	defer server.Close()
	_, err := Run(ctx, Options{
		Config: readable(server.URL), Deployment: &deployment.Deployment{}, Workloads: []Workload{replicas()}, Image: "agent:1",
		Say: func(string) {}, Progress: func(string) {},
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.True(t, made.Load())
	assert.Regexp(t, "^coder-ha-[0-9a-f]{8}$", removed.Load())
	assert.NotContains(t, condition.Load(), "preconditions", "its UID is not known")
}

// TestPodsOfOthersAreNotTheJobs has a pod with the label of the run that somebody else
// made.
func TestPodsOfOthersAreNotTheJobs(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"other",
			"annotations":{"batch.kubernetes.io/job-completion-index":"0"},"ownerReferences":[{"uid":"2"}]}}]}`)
	}))
	defer server.Close()
	api, err := connect(readable(server.URL))
	require.NoError(t, err)
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "coder-ha-abcd", Namespace: "coder", UID: "1", Labels: map[string]string{RunLabel: "abcd"}}}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	assert.Empty(t, api.gone(ctx, job))
	require.NoError(t, ctx.Err(), "it is not waited for")

	s := &stand{replica: "coder-0"}
	require.NoError(t, api.look(t.Context(), []*batchv1.Job{job}, []*stand{s}, "abcd", 0))
	assert.Nil(t, s.pod)
	assert.Equal(t, "its pod is not made yet", s.why)
}

// TestTheRemovalIsTriedAgain has an API server that is away for a moment, and one that
// lets this user not do it.
func TestTheRemovalIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []int
		failure string
	}{
		"away for a moment":  {[]int{http.StatusServiceUnavailable, http.StatusOK}, ""},
		"gone already":       {[]int{http.StatusNotFound}, ""},
		"not allowed":        {[]int{http.StatusForbidden}, "that is code 403"},
		"another one by now": {[]int{http.StatusConflict}, "that is code 409"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				code := c.answers[asked.Add(1)-1]
				body, _ := io.ReadAll(r.Body)
				assert.Contains(t, string(body), `"preconditions":{"uid":"1"}`)
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(code)
				_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"that is code %d","code":%d}`, code, code)
			}))
			defer server.Close()
			api, err := connect(readable(server.URL))
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
