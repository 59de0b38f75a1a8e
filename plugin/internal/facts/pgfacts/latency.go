package pgfacts

import (
	"slices"
	"time"
)

// NewLatency makes the figures of the samples; there is at least one.
func NewLatency(samples []time.Duration) *Latency {
	sorted := slices.Clone(samples)
	slices.Sort(sorted)
	l := &Latency{
		Min:     sorted[0],
		Median:  sorted[len(sorted)/2],
		P95:     sorted[(len(sorted)*95+99)/100-1],
		Samples: samples,
	}
	if len(sorted)%2 == 0 {
		l.Median = (sorted[len(sorted)/2-1] + sorted[len(sorted)/2]) / 2
	}
	var sum time.Duration
	for i := 1; i < len(samples); i++ {
		sum += (samples[i] - samples[i-1]).Abs()
	}
	if len(samples) > 1 {
		l.Jitter = sum / time.Duration(len(samples)-1)
	}
	return l
}
