"""People, units, roles, scopes, sessions, audit (权限与审计)."""
