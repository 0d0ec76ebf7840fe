package jobs

import (
	"context"
	"time"

	"gatehouse/models"
)

const (
	metadataBatch = 20
	metadataLease = 15 * time.Minute // another instance takes a look over after this long
)

// ReadMetadata reads the metadata of identity providers that are due. What has changed waits for an admin; nothing takes effect.
func (r *Runner) ReadMetadata(ctx context.Context) error {
	due, err := r.DB.DueMetadata(ctx, metadataBatch, metadataLease)
	if err != nil {
		return err
	}
	system := models.Actor{Kind: models.System, Label: "Gatehouse"}
	for _, d := range due {
		m, problem := r.Metadata(ctx, d.URL)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := r.DB.RecordMetadata(ctx, system, d.OrgID, d.URL, m, problem); err != nil {
			return err
		}
	}
	return nil
}
