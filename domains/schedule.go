package domains

import "time"

// hourlyFor is how long after the claim a domain is looked at every hour, before it is once a day.
const hourlyFor = 72 * time.Hour

// NextCheck returns when a domain claimed at since is to be checked next, after a check at now: at once, then 1, 2, 5,
// 10 and 30 minutes after the claim, then every hour for 72 hours, then daily for ever. It depends on the clock and not
// on a count of checks, so pressing Check now does not stretch the plan, and a process that was down for a week has one
// check to make up for and not a hundred.
func NextCheck(since, now time.Time) time.Time {
	if now.Before(since) {
		return since
	}
	for _, minutes := range []time.Duration{1, 2, 5, 10, 30} {
		if at := since.Add(minutes * time.Minute); at.After(now) {
			return at
		}
	}
	step := time.Hour
	if now.Sub(since) >= hourlyFor {
		step = 24 * time.Hour
	}
	return since.Add((now.Sub(since)/step + 1) * step)
}
