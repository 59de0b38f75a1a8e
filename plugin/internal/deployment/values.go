package deployment

// ChartValues is what is known of the values that the user gives to a chart.
type ChartValues struct {
	// Stray are keys that the chart does not read where they stand.
	Stray []StrayKey `json:"stray,omitempty"`
}

// StrayKey is a key of the user's that is probably meant for another place or name.
type StrayKey struct {
	// Path is the dotted path of the key.
	Path string `json:"path"`
	// Meant are the paths of the chart that it may be meant for.
	Meant  []string `json:"meant"`
	Origin Origin   `json:"origin"`
}
