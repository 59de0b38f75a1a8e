package chart_test

// chartVersion and appVersion are those of Chart.yaml. A release changes both
// here and there.
const (
	chartVersion = "0.1.0"
	appVersion   = "2.37.2"
)
