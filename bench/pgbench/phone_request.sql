-- What the server runs for POST /api/auth/phone/request/ of a new number; every client its own numbers.
\set n :first + :client_id + :clients * :i
\set i :i + 1
-- statement: otp/create.sql
-- $1 = gen_random_uuid()
-- $2 = '+96650' || lpad(:n::text, 7, '0')
-- $3 = 'auth'
-- $4 = 'sms'
-- $5 = 'console'
-- $6 = '\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
-- $7 = 5
-- $8 = now()
-- $9 = now() + interval '5 minutes'
-- $10 = '127.0.0.1'
-- $11 = '127.0.0.1'
-- $12 = 'sha256:00000000000000000' || lpad(:n::text, 7, '0')
-- $13 = NULL
-- $14 = ''
-- $15 = ''
-- $16 = 'ar-sa'
