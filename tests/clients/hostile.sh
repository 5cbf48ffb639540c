#!/usr/bin/env bash
# clients: floods from a department with a good key cost nobody else anything. limit: 180 s
exec /usr/bin/python3 "$(dirname "$0")/hostile.py"
