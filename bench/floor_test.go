package bench

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"
)

// floor is the least that a SCIM server can do on the same database: echo, one statement of pgx with its audit row per request, the token
// in memory, no validation and no rules. What the product takes beyond it is the price of being a product.
type floor struct {
	pool   *pgxpool.Pool
	tokens map[[32]byte]int64
}

const floorToken = "floor-token"

const floorSchema = `
create table floor_users (id text primary key, org_id bigint not null, user_name text not null, user_name_key text not null, external_id text not null,
	active boolean not null, display_name text not null, attributes jsonb not null, created_at timestamptz not null, updated_at timestamptz not null,
	version bigint not null default 1);
create unique index on floor_users (org_id, user_name_key);
create unique index on floor_users (org_id, id);
create index on floor_users (org_id, external_id);
create table floor_groups (id text primary key, org_id bigint not null, display_name text not null, created_at timestamptz not null);
create table floor_members (group_id text not null references floor_groups (id) on delete cascade, user_id text not null references floor_users (id) on delete cascade,
	primary key (group_id, user_id));
create index on floor_members (user_id);
create table floor_audits (id bigserial primary key, org_id bigint not null, at timestamptz not null default now(), action text not null, target text not null);`

type floorUser struct {
	Schemas     []string        `json:"schemas"`
	ID          string          `json:"id"`
	UserName    string          `json:"userName"`
	ExternalID  string          `json:"externalId,omitempty"`
	Active      bool            `json:"active"`
	DisplayName string          `json:"displayName,omitempty"`
	Name        json.RawMessage `json:"name,omitempty"`
	Emails      json.RawMessage `json:"emails,omitempty"`
	Enterprise  json.RawMessage `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,omitempty"`
	Meta        *floorMeta      `json:"meta,omitempty"`
}

type floorMeta struct {
	ResourceType string    `json:"resourceType"`
	Created      time.Time `json:"created"`
	LastModified time.Time `json:"lastModified"`
	Version      string    `json:"version"`
	Location     string    `json:"location"`
}

const floorColumns = `id, user_name, external_id, active, display_name, attributes, created_at, updated_at, version`

func newFloor(tb testing.TB, url string) http.Handler {
	tb.Helper()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		tb.Fatal(err)
	}
	config.MaxConns = 10
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	if _, err := pool.Exec(tb.Context(), floorSchema); err != nil {
		tb.Fatal(err)
	}
	f := &floor{pool: pool, tokens: map[[32]byte]int64{sha256.Sum256([]byte(floorToken)): 1}}
	e := echo.New()
	e.Any("/:kind", f.answer)
	e.Any("/:kind/:id", f.answer)
	return e
}

func (f *floor) answer(c echo.Context) error {
	r := c.Request()
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	org, ok := f.tokens[sha256.Sum256([]byte(bearer))]
	if !ok {
		return c.NoContent(http.StatusUnauthorized)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	status, v, err := f.do(c, org, body)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return c.NoContent(http.StatusNotFound)
	case err != nil || v == nil:
		if err != nil {
			return err
		}
		return c.NoContent(status)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return c.Blob(status, "application/scim+json", b)
}

func (f *floor) do(c echo.Context, org int64, body []byte) (int, any, error) {
	ctx, id, users := c.Request().Context(), c.Param("id"), c.Param("kind") == "Users"
	switch method := c.Request().Method; {
	case method == http.MethodPost && users:
		var u floorUser
		if err := json.Unmarshal(body, &u); err != nil {
			return 0, nil, err
		}
		u.ID = "f" + strconv.FormatInt(time.Now().UnixNano(), 36) + u.UserName
		now := time.Now().UTC()
		var n int
		err := f.pool.QueryRow(ctx, `with u as (insert into floor_users (id, org_id, user_name, user_name_key, external_id, active, display_name, attributes, created_at, updated_at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) on conflict (org_id, user_name_key) do nothing returning id),
			a as (insert into floor_audits (org_id, action, target) select $2, 'user.create', id from u) select count(*) from u`,
			u.ID, org, u.UserName, strings.ToLower(u.UserName), u.ExternalID, u.Active, u.DisplayName, body, now).Scan(&n)
		u.Meta = u.meta(now, now, 1)
		return http.StatusCreated, &u, err
	case method == http.MethodPost:
		var g struct{ DisplayName string }
		if err := json.Unmarshal(body, &g); err != nil {
			return 0, nil, err
		}
		id := "g" + strconv.FormatInt(time.Now().UnixNano(), 36)
		_, err := f.pool.Exec(ctx, `with g as (insert into floor_groups values ($1, $2, $3, now()) returning id)
			insert into floor_audits (org_id, action, target) select $2, 'group.create', id from g`, id, org, g.DisplayName)
		return http.StatusCreated, map[string]any{"id": id, "displayName": g.DisplayName}, err
	case method == http.MethodGet && users && id != "":
		u, err := scanFloorUser(f.pool.QueryRow(ctx, `select `+floorColumns+` from floor_users where id = $1 and org_id = $2`, id, org))
		return http.StatusOK, u, err
	case method == http.MethodGet && users && c.QueryParam("filter") != "":
		key := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(c.QueryParam("filter"), `userName eq "`), `"`))
		u, err := scanFloorUser(f.pool.QueryRow(ctx, `select `+floorColumns+` from floor_users where org_id = $1 and user_name_key = $2`, org, key))
		if errors.Is(err, pgx.ErrNoRows) {
			return http.StatusOK, map[string]any{"totalResults": 0, "Resources": []any{}}, nil
		}
		return http.StatusOK, map[string]any{"totalResults": 1, "Resources": []any{u}}, err
	case method == http.MethodGet && users:
		return f.page(c, org)
	case method == http.MethodPatch && users:
		var p struct {
			Operations []struct {
				Path  string
				Value any
			}
		}
		if err := json.Unmarshal(body, &p); err != nil {
			return 0, nil, err
		}
		var name *string
		var active *bool
		for _, o := range p.Operations {
			if v, ok := o.Value.(string); ok && o.Path == "displayName" {
				name = &v
			}
			if v, ok := o.Value.(bool); ok && o.Path == "active" {
				active = &v
			}
		}
		u, err := scanFloorUser(f.pool.QueryRow(ctx, `with u as (update floor_users set display_name = coalesce($3, display_name), active = coalesce($4, active),
			updated_at = now(), version = version + 1 where id = $1 and org_id = $2 returning *),
			a as (insert into floor_audits (org_id, action, target) select $2, 'user.patch', id from u) select `+floorColumns+` from u`, id, org, name, active))
		return http.StatusOK, u, err
	case method == http.MethodPatch:
		var p struct {
			Operations []struct{ Value []struct{ Value string } }
		}
		if err := json.Unmarshal(body, &p); err != nil {
			return 0, nil, err
		}
		_, err := f.pool.Exec(ctx, `with g as (select id from floor_groups where id = $1 and org_id = $2),
			m as (insert into floor_members select g.id, u.id from g, floor_users u where u.org_id = $2 and u.id = $3 on conflict do nothing)
			insert into floor_audits (org_id, action, target) select $2, 'group.member_add', id from g`, id, org, p.Operations[0].Value[0].Value)
		return http.StatusNoContent, nil, err
	case method == http.MethodGet:
		var name string
		err := f.pool.QueryRow(ctx, `select display_name from floor_groups where id = $1 and org_id = $2`, id, org).Scan(&name)
		return http.StatusOK, map[string]any{"id": id, "displayName": name}, err
	case method == http.MethodDelete:
		_, err := f.pool.Exec(ctx, `with u as (delete from floor_users where id = $1 and org_id = $2 returning id)
			insert into floor_audits (org_id, action, target) select $2, 'user.delete', id from u`, id, org)
		return http.StatusNoContent, nil, err
	}
	return http.StatusNotFound, nil, nil
}

// page is the first page with the count of all, in one round trip.
func (f *floor) page(c echo.Context, org int64) (int, any, error) {
	batch := &pgx.Batch{}
	batch.Queue(`select count(*) from floor_users where org_id = $1`, org)
	batch.Queue(`select `+floorColumns+` from floor_users where org_id = $1 order by id limit 100`, org)
	results := f.pool.SendBatch(c.Request().Context(), batch)
	defer results.Close()
	var total int
	if err := results.QueryRow().Scan(&total); err != nil {
		return 0, nil, err
	}
	rows, err := results.Query()
	if err != nil {
		return 0, nil, err
	}
	var list []*floorUser
	for rows.Next() {
		u, err := scanFloorUser(rows)
		if err != nil {
			return 0, nil, err
		}
		list = append(list, u)
	}
	return http.StatusOK, map[string]any{"totalResults": total, "itemsPerPage": len(list), "startIndex": 1, "Resources": list}, rows.Err()
}

func scanFloorUser(row pgx.Row) (*floorUser, error) {
	var u, stored floorUser
	var attributes []byte
	var created, updated time.Time
	var version int64
	if err := row.Scan(&u.ID, &u.UserName, &u.ExternalID, &u.Active, &u.DisplayName, &attributes, &created, &updated, &version); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(attributes, &stored); err != nil {
		return nil, err
	}
	u.Schemas, u.Name, u.Emails, u.Enterprise = stored.Schemas, stored.Name, stored.Emails, stored.Enterprise
	u.Meta = u.meta(created, updated, version)
	return &u, nil
}

func (u *floorUser) meta(created, updated time.Time, version int64) *floorMeta {
	return &floorMeta{"User", created, updated, fmt.Sprintf(`W/"%d"`, version), "http://floor.example/Users/" + u.ID}
}
