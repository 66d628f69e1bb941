"""What effects are set to, in Hz, dB and ms: plain data that plans, plug-ins and processors share. Stdlib only."""
