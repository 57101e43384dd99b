"""The real servers of the contract suites."""

from contracts import conftest as contract_fixtures

postgres_folder = contract_fixtures.postgres_folder
jobs_url = contract_fixtures.jobs_url
redis_here = contract_fixtures.redis_here
s3_here = contract_fixtures.s3_here
