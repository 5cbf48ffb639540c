# Prints a file with what stands between "<!-- lifecycle -->" and "<!-- /lifecycle -->" replaced by what program prints.
$0 == "<!-- lifecycle -->" {
	print
	while ((program | getline line) > 0)
		print line
	between = 1
	next
}
$0 == "<!-- /lifecycle -->" { between = 0 }
!between { print }
