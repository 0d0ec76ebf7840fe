package models_test

import (
	"context"
	"testing"
	"time"

	"gatehouse/models"
	"gatehouse/models/modelstest"
	"gatehouse/scim"
)

// SQLite has one writer for all organizations. What a PATCH computes must not keep the others waiting for it.
func TestSCIMChangesAreComputedBeforeTheTransaction(t *testing.T) {
	db := modelstest.New(t, modelstest.SQLite)
	d, other := newDirectory(t, db), directoryOf(t, db, "Globex", "globex.com")
	eve := d.create(`{"userName":"eve@acme.com"}`)
	group := d.group(`{"displayName":"Crew"}`)
	written := func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := db.CreateSCIMMember(ctx, other.call(), user(t, `{"userName":"g`+time.Now().Format("150405.000000")+`@globex.com"}`))
		return err == nil
	}
	waited := 0
	_, err := db.ChangeSCIMMember(t.Context(), d.call(), eve.ID, func(before *scim.Resource) (*scim.Resource, error) {
		if !written() {
			waited++
		}
		after := before.Clone()
		after.SetText("title", "Captain")
		return after, nil
	})
	if err != nil || waited > 0 {
		t.Errorf("a person: others waited %d times, %v", waited, err)
	}
	_, err = db.ChangeSCIMTeam(t.Context(), d.call(), group.ID, false, false, func(before *scim.Resource) (models.TeamChange, error) {
		if !written() {
			waited++
		}
		return models.TeamChange{Resource: before, Members: scim.MemberChanges{Add: []string{eve.ID}}}, nil
	})
	if err != nil || waited > 0 {
		t.Errorf("a group: others waited %d times, %v", waited, err)
	}
}
