"""Who is who: people, companies, merges, what may be told of a lead from its company's others.

Decides, touches nothing.
"""
