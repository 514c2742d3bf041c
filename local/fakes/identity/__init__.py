"""An issuer like Supabase Auth: sign-in of demo users, rotating refresh tokens, ES256 access tokens, JWKS.

`local/users.py` has the users. Sessions end with the process; the signing key stays.
"""
