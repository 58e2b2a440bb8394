# Writes notes of its own name, and may change them later.
path "notes/{{identity.entity.name}}/*" { capabilities = ["create", "read", "update", "delete"] }
