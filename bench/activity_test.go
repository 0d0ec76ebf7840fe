package bench

import (
	"slices"
	"syscall"
	"testing"
	"time"
)

// BenchmarkActivity tells what it costs that every request becomes a line of the activity: the same requests at the product with and without
// it, in turns on one database. cpu is the processor time of this process, which is the servers and the client; the database's comes on top.
func BenchmarkActivity(b *testing.B) {
	for _, name := range []string{"create", "find", "get", "patch_name"} {
		ph := phases[slices.IndexFunc(phases, func(ph phase) bool { return ph.name == name })]
		b.Run(name, func(b *testing.B) {
			rounds := max(b.N, 1)
			p := newPair(b, 1000, false)
			spent := map[*target]time.Duration{}
			var ratios []float64
			b.ResetTimer()
			for round := range rounds {
				order := []*target{p.quiet, p.ours}
				if round%2 == 1 {
					slices.Reverse(order)
				}
				took := map[*target]time.Duration{}
				for _, t := range order {
					before, start := processorTime(), time.Now()
					p.spread(roundSize, func(i int) { ph.do(p, t, (round*2+map[bool]int{true: 1}[t == p.ours])*roundSize+i) })
					took[t] = time.Since(start)
					spent[t] += processorTime() - before
				}
				ratios = append(ratios, float64(took[p.quiet])/float64(took[p.ours]))
			}
			slices.Sort(ratios)
			n := float64(rounds * roundSize)
			b.ReportMetric(ratios[len(ratios)/2], "x-without")
			b.ReportMetric(float64(spent[p.ours].Microseconds())/n, "cpu-µs")
			b.ReportMetric(float64(spent[p.quiet].Microseconds())/n, "cpu-µs-without")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it fails for a wrong argument only
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
