package models

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm/clause"
)

// Organization is a tenant. Its public id is org_….
type Organization struct {
	ID   string `gorm:"primaryKey"`
	Name string
	// A session ends after this long without activity, and at the latest this long after sign-in.
	SessionIdleMinutes, SessionAbsoluteMinutes int
	CreatedAt                                  time.Time
}

func (Organization) TableName() string { return "organizations" }

// NewOwner is the first owner of an organization.
type NewOwner struct {
	Email string
	// Name is shown as it is; without it FirstName and LastName make it.
	Name, FirstName, LastName string
	// Password may be empty: the owner then gets one by mailed link.
	Password string
}

const (
	defaultSessionIdleMinutes     = 8 * 60
	defaultSessionAbsoluteMinutes = 24 * 60
)

// CreateOrganization makes an organization and its first owner, whose address the actor vouches for.
// Invalid if a name, address or password is not usable.
func (db *DB) CreateOrganization(ctx context.Context, actor Actor, name string, owner NewOwner) (*Organization, error) {
	p, err := db.prepareOrganization(ctx, name, owner)
	if err != nil {
		return nil, err
	}
	err = db.write(ctx, actor, p.org.ID, func(tx *Tx) error {
		_, err := tx.createOrganization(p)
		return err
	})
	return p.org, err
}

// preparedOrganization is a checked organization with its owner's hash, made before the transaction because hashing is slow.
type preparedOrganization struct {
	org                       *Organization
	mail                      string
	name, firstName, lastName string
	hash                      string
	// proven is what shows that the address is the owner's.
	proven string
}

func (db *DB) prepareOrganization(ctx context.Context, name string, owner NewOwner) (*preparedOrganization, error) {
	name, err := cleanName("organization", name, "a name for the organization")
	if err != nil {
		return nil, err
	}
	email, err := CleanAddress(owner.Email)
	if err != nil {
		return nil, err
	}
	err = errors.Join(checkOptionalName("name", owner.Name), checkOptionalName("first_name", owner.FirstName), checkOptionalName("last_name", owner.LastName))
	if err != nil {
		return nil, err
	}
	hash := ""
	if owner.Password != "" {
		if hash, err = db.hashPassword(ctx, owner.Password, email, name); err != nil {
			return nil, err
		}
	}
	now := db.Now()
	return &preparedOrganization{mail: email, name: owner.Name, firstName: strings.TrimSpace(owner.FirstName), lastName: strings.TrimSpace(owner.LastName), hash: hash, proven: "operator", org: &Organization{
		ID: newID("org_", now), Name: name, CreatedAt: now,
		SessionIdleMinutes: defaultSessionIdleMinutes, SessionAbsoluteMinutes: defaultSessionAbsoluteMinutes,
	}}, nil
}

func (tx *Tx) createOrganization(p *preparedOrganization) (*Member, error) {
	if err := tx.Create(p.org).Error; err != nil {
		return nil, err
	}
	tx.record("organization.created", Target{"organization", p.org.ID, p.org.Name}, nil, Facts{"name": p.org.Name})
	return tx.addMember(newMember{email: p.mail, name: p.name, firstName: p.firstName, lastName: p.lastName, role: Owner, source: SourceOperator, hash: p.hash, proven: p.proven})
}

// Organization is one organization. NotFound if there is none with that id.
func (db *DB) Organization(ctx context.Context, id string) (*Organization, error) {
	var o Organization
	if err := db.read(ctx).Where("id = ?", id).Take(&o).Error; err != nil {
		if e := found(err, "organization"); e != err {
			return nil, &Error{Kind: NotFound, Message: "There is no organization with this id."}
		}
		return nil, err
	}
	return &o, nil
}

// OrganizationSize is an organization with how many members it has.
type OrganizationSize struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Members int    `json:"members"`
}

// Organizations are all organizations in the order they were made, for the operator.
func (db *DB) Organizations(ctx context.Context) ([]OrganizationSize, error) {
	var rows []OrganizationSize
	err := db.read(ctx).Raw(`select o.id, o.name, (select count(*) from members m where m.org_id = o.id) as members
		from organizations o order by o.id limit 10000`).Scan(&rows).Error
	return rows, err
}

// lockOrganization makes operations that depend on the whole organization (who is the last owner) take turns.
func (tx *Tx) lockOrganization() error {
	return tx.holdOrganization("NO KEY UPDATE") // rows that merely refer to it need not wait
}

// shareOrganization keeps whoever calls lockOrganization out until the transaction ends, and others who share it not: for those who act by
// the organization's switches while these must not change.
func (tx *Tx) shareOrganization() error { return tx.holdOrganization("SHARE") }

// holdOrganization comes before any other lock in its transaction, and is NotFound if there is no such organization.
func (tx *Tx) holdOrganization(strength string) error {
	q := tx.Where("id = ?", tx.org)
	if tx.db.dialect == "postgres" {
		q = q.Clauses(clause.Locking{Strength: strength})
	}
	var o Organization
	return found(q.Take(&o).Error, "organization")
}
