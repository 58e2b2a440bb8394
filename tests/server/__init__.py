"""The mock server: recorded transcripts, the state machine, real clients."""
