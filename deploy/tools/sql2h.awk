# Turns a file of SQL blocks ("-- name: application_route") into a table of named statements.
# Usage: awk -v table=router -v mode=h|c -v header=services/router/router.sql.h -f sql2h.awk router.sql
# h: an enum of the names in upper case and the extern table; c: the table itself.

# Character by character: awks disagree about backslashes in gsub().
function quote(plain, quoted, i, c) {
	quoted = ""
	for (i = 1; i <= length(plain); i++) {
		c = substr(plain, i, 1)
		if (c == "\\" || c == "\"")
			quoted = quoted "\\" c
		else if (c == "\n")
			quoted = quoted "\\n\"\n\t \""
		else
			quoted = quoted c
	}
	return quoted
}

function finish() {
	if (name == "")
		return
	sub(/^[ \t\n]+/, "", text)
	sub(/[ \t\n;]+$/, "", text)
	if (text == "") {
		printf "%s: statement \"%s\" is empty\n", FILENAME, name > "/dev/stderr"
		exit 1
	}
	names[++count] = name
	texts[count] = quote(text)
	name = ""
	text = ""
}

/^-- name:/ {
	finish()
	name = $3
	if (name in seen) {
		printf "%s: statement \"%s\" stands twice\n", FILENAME, name > "/dev/stderr"
		exit 1
	}
	seen[name] = 1
	next
}

/^[ \t]*--/ { next }

name != "" { text = text $0 "\n" }

END {
	finish()
	if (mode == "h") {
		print "/* Generated from " FILENAME ". */"
		print "#pragma once"
		print "#include \"common/db/db.h\""
		print "enum {"
		for (i = 1; i <= count; i++)
			print "\t" toupper(names[i]) ","
		print "};"
		print "extern const struct db_statement " table "_statements[];"
	} else {
		print "/* Generated from " FILENAME ". */"
		print "#include \"" header "\""
		print "const struct db_statement " table "_statements[] = {"
		for (i = 1; i <= count; i++)
			print "\t{\"" names[i] "\",\n\t \"" texts[i] "\"},"
		print "\t{NULL, NULL},"
		print "};"
	}
}
