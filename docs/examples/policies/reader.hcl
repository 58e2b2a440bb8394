# May see every note but those of the board.
path "notes" { capabilities = ["list"] }
path "notes/*" { capabilities = ["read"] }
path "notes/board/*" { capabilities = ["deny"] }
path "metrics" { capabilities = ["read"] }
