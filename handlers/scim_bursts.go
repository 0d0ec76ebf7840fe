package handlers

import (
	"strings"

	"github.com/labstack/echo/v4"

	"gatehouse/models"
	"gatehouse/views"
)

// massDeactivation fills in what the SCIM page says about bursts of deactivations.
func (s *Server) massDeactivation(c echo.Context, a *access, p *views.SCIMPage) error {
	ctx := c.Request().Context()
	bursts, err := s.db.Bursts(ctx, orgID(c))
	if err != nil {
		return err
	}
	for i := range bursts {
		p.Bursts = append(p.Bursts, a.burst(&bursts[i]))
	}
	p.Hold.MayEdit = signedIn(c).Role == models.Owner
	p.Hold.On, err = s.db.HoldsDeactivations(ctx, orgID(c))
	return err
}

func (a *access) burst(b *models.BurstInfo) views.Burst {
	v := views.Burst{
		ID: b.ID, Open: b.DecidedAt == nil, NotRestored: b.NotRestored(),
		Title: "The directory deactivated " + count(b.People, "person", "people") + " between " + clockTime(b.BeganAt) + " and " + clockTime(b.LastAt) + " on " + date(b.LastAt),
	}
	v.Names = strings.Join(b.Names, ", ")
	if more := b.People - len(b.Names); more > 0 {
		v.Names += " and " + thousands(more) + " more"
	}
	if b.Held > 0 {
		v.Held = thousands(b.Held) + " of them wait for your decision; their sessions have ended."
	}
	if b.DecidedAt != nil {
		v.Decided = "Found right by " + b.DecidedBy + ", " + dateTime(*b.DecidedAt) + "."
		if b.Undone {
			v.Decided = "Undone by " + b.DecidedBy + ", " + dateTime(*b.DecidedAt) + "."
		}
	}
	return v
}

func (s *Server) undoBurst(c echo.Context) error {
	b, err := s.db.UndoBurst(c.Request().Context(), actor(c), orgID(c), c.Param("id"))
	if err != nil {
		return err
	}
	said := "The mass deactivation is undone: people are back with their teams."
	if not := b.NotRestored(); len(not) > 0 {
		said = "The mass deactivation is undone, but for what is listed below."
	}
	return s.done(c, scimPath, said)
}

func (s *Server) settleBurst(c echo.Context) error {
	if _, err := s.db.SettleBurst(c.Request().Context(), actor(c), orgID(c), c.Param("id")); err != nil {
		return err
	}
	return s.done(c, scimPath, "The mass deactivation stands.")
}

func (s *Server) holdDeactivations(c echo.Context) error {
	on := c.FormValue("hold") == "on"
	if err := s.db.HoldDeactivations(c.Request().Context(), actor(c), signedIn(c).Role, orgID(c), on); err != nil {
		return err
	}
	if on {
		return s.done(c, scimPath, "Mass deactivations wait for a decision from now on; sessions still end at once.")
	}
	return s.done(c, scimPath, "Deactivations act at once from now on.")
}
