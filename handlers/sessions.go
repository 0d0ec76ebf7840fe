package handlers

import (
	"slices"
	"time"

	"gatehouse/models"
	"gatehouse/views"
)

// sessionViews are sessions as lists show them; current is the id of the one that asks and comes first, empty if none of them does.
func sessionViews(now time.Time, sessions []models.Session, current, organization string) []views.Session {
	list := make([]views.Session, 0, len(sessions))
	for i := range sessions {
		s := &sessions[i]
		name, mobile := device(s.UserAgent)
		activity := "active " + ago(now, s.LastSeenAt)
		if s.ID == current {
			activity = "active now"
		}
		detail := signedInBy(s, organization)
		if s.IP != "" {
			detail += " · " + s.IP
		}
		v := views.Session{ID: s.ID, Device: name, Mobile: mobile, Current: s.ID == current, Detail: detail + " · " + activity}
		if v.Current {
			list = slices.Insert(list, 0, v)
		} else {
			list = append(list, v)
		}
	}
	return list
}

// signedInBy says how a session began: "Password", "Recovery sign-in", "Acme SSO".
func signedInBy(s *models.Session, organization string) string {
	switch {
	case s.Method == models.MethodSSO:
		return organization + " SSO"
	case s.Recovery:
		return "Recovery sign-in"
	}
	return "Password"
}
