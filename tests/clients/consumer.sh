#!/usr/bin/env bash
# clients: kopru-department against a feed that lives in memory (tests/clients/consumer.py). limit: 180 s
exec /usr/bin/python3 "$(dirname "$0")/consumer.py"
