package chart

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/action"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	fakediscovery "k8s.io/client-go/discovery/fake"
	clienttesting "k8s.io/client-go/testing"
)

// TestTheAPIsOfAClusterAreThoseThatHelmSees compares with the action of Helm.
func TestTheAPIsOfAClusterAreThoseThatHelmSees(t *testing.T) {
	for name, resources := range map[string][]*metav1.APIResourceList{
		"nothing": nil,
		"some": {
			{GroupVersion: "v1", APIResources: []metav1.APIResource{{Name: "pods", Kind: "Pod"}, {Name: "pods/log", Kind: "Pod"}}},
			{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{{Name: "statefulsets", Kind: "StatefulSet"}}},
			{GroupVersion: "monitoring.coreos.com/v1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			client := &fakediscovery.FakeDiscovery{Fake: &clienttesting.Fake{Resources: resources}}
			want, err := action.GetVersionSet(client)
			require.NoError(t, err)
			groups, lists, err := client.ServerGroupsAndResources()
			require.NoError(t, err)
			assert.ElementsMatch(t, want, versionSet(groups, lists))
		})
	}
}

func TestTheDefaultKubernetesIsThatOfTheClient(t *testing.T) {
	for dependency, want := range map[string]string{"v0.37.0": "v1.37.0", "v0.29.14": "v1.29.0", "(devel)": ""} {
		assert.Equal(t, want, kubeVersion(dependency), dependency)
	}
}

func TestAReleaseNeedsANameThatHelmTakes(t *testing.T) {
	_, err := Render(t.Context(), Options{Chart: "testdata/odd", ReleaseName: "Not_A_Name", Settings: NewSettings()})
	assert.ErrorContains(t, err, `release name "Not_A_Name"`)
}
