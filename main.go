// Gatehouse is single sign-on and provisioning with Microsoft Entra ID for one company's software: one binary, its own pages, SQLite or
// PostgreSQL. This file only hands the process over; the commands are in the package commands.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"gatehouse/commands"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := commands.Run(ctx, commands.Process{Args: os.Args[1:], Environ: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
	stop()
	os.Exit(status)
}
