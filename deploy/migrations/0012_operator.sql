-- What the operator and holders of API keys may do.

-- A key with the right "cases" commands in a role; officers and managers do so for a department.
ALTER TABLE auth.api_key
	ADD role text CHECK (role IN ('clerk', 'officer', 'manager', 'arbiter')),
	ADD department text CHECK (department ~ '^[A-Z0-9]{2,12}$'),
	DROP CONSTRAINT api_key_rights_check,
	ADD CONSTRAINT api_key_rights_check CHECK (rights <@ ARRAY['applications', 'reports', 'cases']),
	ADD CONSTRAINT api_key_cases CHECK (('cases' = ANY (rights)) = (role IS NOT NULL)),
	ADD CONSTRAINT api_key_department_of_role
		CHECK ((department IS NOT NULL) = (coalesce(role, '') IN ('officer', 'manager')));

-- Whoever entered it knows that the address is the applicant's.
ALTER TABLE intake.application
	ADD email_verified boolean NOT NULL DEFAULT false CHECK (applicant_email IS NOT NULL OR NOT email_verified);
