"""A believable B2B SaaS company to try the product on: invented people, companies and 18 months of history."""
