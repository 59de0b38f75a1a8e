package report

import "fmt"

// htmlRunning is what runs.
type htmlRunning struct {
	Release string
	Pods    []htmlPod
	Around  []htmlLine
}

// htmlPod is one pod, with what is known of it.
type htmlPod struct {
	Name  string
	Lines []htmlLine
}

// htmlRunningOf is nil where nothing that runs was asked.
func htmlRunningOf(r Report) *htmlRunning {
	if r.Running == nil {
		return nil
	}
	out := &htmlRunning{Release: releaseLine(r.Running.Release, r.Deployment.Source)}
	table := podTable(r.Running.Pods)
	for i, pod := range table[1:] {
		one := htmlPod{Name: pod[0].text}
		for column, field := range pod[1:] {
			if field.text != notKnown {
				one.Lines = append(one.Lines, htmlLine{table[0][column+1].text, field.text})
			}
		}
		if row := r.Running.Pods[i].Row; row != nil && row.Error != "" {
			one.Lines = append(one.Lines, htmlLine{"recorded", row.Error})
		}
		out.Pods = append(out.Pods, one)
	}
	runningAround(r, func(name, format string, args ...any) {
		out.Around = append(out.Around, htmlLine{name, fmt.Sprintf(format, args...)})
	})
	return out
}
