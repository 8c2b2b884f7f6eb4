"""Every number that detection depends on, in one typed place, with its meaning, unit and source.

`settings.detect` overrides any of them by name (`overrides`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from graphring.model import Family

__all__ = ["Parameters"]


def _p(default: Any, unit: str, meaning: str, source: str) -> Any:
    return field(default=default, metadata={"unit": unit, "meaning": meaning, "source": source})


@dataclass(frozen=True)
class Parameters:
    """See each field's metadata: `unit`, `meaning`, `source`."""

    disabled_families: tuple[str, ...] = _p((), "names", "evidence families that are switched off", "ablation")
    seed: int = _p(20_260_131, "integer", "seeds every random draw", "any value serves")

    # who may be a ring
    min_ring: int = _p(5, "accounts", "smaller groups are not reported", "a household or a team is that small")
    min_customers: int = _p(4, "customers", "a ring pretends to be at least so many strangers", "as min_ring")
    one_customer: float = _p(0.5, "share", "of a group that one customer has at most", "a firm and stray accounts")
    pretended: int = _p(
        12, "accounts", "on one card and a pool of addresses that are no one customer", "look-alikes <12"
    )
    office_addresses: float = _p(
        2.5, "addresses", "of even use that accounts of one firm work at, at most", "an office"
    )
    pretended_domains: int = _p(4, "domains", "of mail among them, at least", "free mail, not a firm's")

    # what a prompt's features are
    wrapper_repeat: float = _p(
        0.2, "share", "a feature is a wrapper when so many of its users repeat it", "payloads <.05"
    )
    wrapper_users: int = _p(20, "accounts", "or when so many send it in prompts that differ", "few-request users")
    wrapper_prompts: float = _p(0.6, "share", "different prompts among such a wrapper's uses", "a payload's agree")
    wrapper_varied: float = _p(
        0.3, "share", "different prompts among any wrapper's uses", "a text sent again and again is none"
    )
    item_customers: int = _p(200, "customers", "payloads that more customers send are common knowledge", "course sizes")

    family_customers: int = _p(
        20_000, "customers", "template families that more use tie nobody; 0: none does", "as group_accounts"
    )
    block_features: int = _p(3, "features", "that always come together: a text, not a turn of phrase", "reasoned")
    phrase_share: float = _p(0.2, "share", "of all customers that makes a feature a phrase of the language", "reasoned")

    # candidates
    group_accounts: int = _p(20_000, "customers", "the largest candidate group of one wrapper", "largest reported ring")
    hub_customers: int = _p(2_000, "customers", "objects of more customers are no communities' glue", "carriers, tools")
    hub_link: int = _p(150, "customers", "linked objects of more customers are no glue", "exchanges, services")
    hub_address: int = _p(200, "customers", "pairs on addresses of more customers say nothing", "measured")
    conversation_customers: int = _p(60, "customers", "ids of more customers are names like 'default'", "reasoned")
    resolutions: tuple[float, ...] = _p((0.1, 1.0, 5.0), "ratio", "Leiden's resolutions", "works and their parts")

    # nulls
    smooth: float = _p(0.3, "customers", "imagined users of an object that nobody outside uses", "below Jeffreys' 0.5")
    exclusive: float = _p(0.3, "share", "of an object's users in the group, for it to be the group's own", "reasoned")
    exclusive_address: float = _p(0.2, "share", "the same for an address", "tenants of one pool; public runners less")
    luck_quantile: float = _p(
        0.95, "share", "of communities of strangers that share less than luck explains", "convention"
    )
    luck_sigma: float = _p(2.0, "deviations", "of what half of the payloads say, that luck explains", "convention")
    luck_users: float = _p(2.0, "accounts", "of an object in the mean, for luck", "devices 1.1, payloads 5")
    luck_links: float = _p(
        0.5, "exponent", "of luck where links are shared: rings choose theirs by search too", "reasoned"
    )
    luck_most: float = _p(200.0, "ratio", "of shared to expected that luck explains", "dense layers: 50 to 175")

    focus_exclusive: float = _p(
        0.5, "share", "of a wrapper's users in the group, for it to be the group's own", "majority"
    )
    focus_share: float = _p(0.05, "share", "of the group that uses one of its own wrappers at least", "paraphrases")

    # signals
    division_cap: float = _p(9.0, "bits", "cap of division of labour", "calibration")
    division_effect: float = _p(0.03, "share", "shared payloads among requests for full weight", "camouflage of 90 %")
    paced_share: float = _p(0.6, "share", "of a queue's copies that are sent near in time", "rings .3 to 1")
    paced_power: float = _p(0.25, "exponent", "of the ranks of such copies' distances", "a median of .06")
    paced_prior: float = _p(1.0, "bits", "that payloads in common are a queue's, but for their times", "reasoned")
    paced_sure: float = _p(10.0, "bits", "of pace, for what a group shares not to be luck", "odds of 1,000")
    paced_floor: float = _p(
        0.5, "share", "of divided payloads that count whenever they were sent", "not all queues pace"
    )
    queue_crowd: float = _p(7.0, "customers", "that sent a payload two sent, in the mean: no queue", "classes 6 to 100")
    queue_pairs: float = _p(
        10.0, "pairs", "of customers that sent one payload, to tell how they came by it", "reasoned"
    )
    queue_least: float = _p(
        0.25, "share", "of a queue's look, below which each came by it for itself", "odds of 1 in 3"
    )
    replication: float = _p(0.4, "share", "of a group that sends one payload: copies of a set", "courses .6 to .9")
    senders: float = _p(
        5.0, "accounts", "that send one payload of a queue; of more it counts less", "courses 10 and more"
    )
    payload_cover: float = _p(0.7, "share", "of a prompt beside its wrapper that makes a text its payload", "reasoned")
    untied: float = _p(0.4, "share", "of division of labour that counts without another tie", "users of one corpus")
    tie_bits: float = _p(3.0, "bits", "of other ties for division of labour to count in full", "reasoned")
    wrapper_cap: float = _p(3.0, "bits", "cap of a common wrapper", "tools have users too")
    wrapper_effect: float = _p(0.1, "share", "prompts with the wrapper for full weight", "camouflage of 90 %")
    handover_cap: float = _p(10.0, "bits", "cap of conversations handed over", "calibration")
    handover_bits: float = _p(2.0, "bits", "that one conversation handed over says at most", "ids collide")
    rotation_cap: float = _p(6.0, "bits", "cap of rotation", "calibration")
    line_cap: float = _p(4.0, "bits", "cap of usual addresses shared with strangers", "flats, campuses")
    line_customers: int = _p(
        16, "customers", "of usual addresses that count; of more: a site, an exit", "hosts of rings"
    )
    churn_cap: float = _p(2.0, "bits", "cap of churn", "phones do it too")
    payment_cap: float = _p(4.0, "bits", "cap of payment", "calibration")
    card_cap: float = _p(2.0, "bits", "cap of many accounts on one card", "companies do it too")
    household: float = _p(4.0, "accounts", "on one card that need no explanation", "reasoned")
    link_cap: float = _p(8.0, "bits", "cap of one type of link", "calibration")
    link_bits: float = _p(
        3.0, "bits", "that one shared object of a link says at most", "devices collide, friends refer"
    )
    link_cohesion: float = _p(
        0.0, "share", "of a group on each shared object for full weight; 0: any counts", "links beside other evidence"
    )
    lone_cohesion: float = _p(0.25, "share", "link_cohesion where there are links only", "interests up to .12")
    same_time_cap: float = _p(0.0, "bits", "cap of links made at the same time; 0: not asked", "exchanges tell more")
    same_time_bits: float = _p(2.0, "bits", "that one object says of it at most", "one event brings many")
    habit_cap: float = _p(7.0, "bits", "cap of going the same ways", "interests")
    habit_share: float = _p(0.2, "share", "of a group that uses an object for it to be a habit", "reasoned")
    lone_chosen: float = _p(9.0, "bits", "chosen_bits where there are links only", "circles of five friends")
    lone_joint: float = _p(2.0, "bits", "joint_bits where there are links only", "one object and its hour")
    lone_time: float = _p(6.0, "bits", "same_time_cap where there are links only", "as synchrony_cap")
    synchrony_cap: float = _p(6.0, "bits", "cap of synchrony", "calibration")
    synchrony_least: float = _p(0.1, "share", "of excess that a group of one operator has at least", "hackathons .05")
    signup_cap: float = _p(2.0, "bits", "cap of sign-ups in batches", "courses do it too")

    venue_share: float = _p(0.5, "share", "of a group at two addresses that makes them a place", "majority")
    site_addresses: int = _p(6, "addresses", "that a place has at most", "egress of an office, an application")
    office_share: float = _p(0.25, "share", "of a group's work at one place: colleagues", "rings 0; firms .3 to .9")
    pool_addresses: int = _p(
        3, "addresses", "of a group's own, in use for days, that are no place but a pool", "an office has 2"
    )
    event_days: int = _p(4, "days", "that a group was active, to tell an event from its usual days", "reasoned")
    event_lift: float = _p(3.0, "ratio", "of accounts active on a day to those on a usual day: an event", "reasoned")
    event_division: float = _p(0.5, "bits", "of division of labour that an event needs to be a ring", "workshops .2")
    event_dates: int = _p(3, "days", "that one event takes place on, at most", "a workshop that is repeated")
    event_lead: float = _p(1.0, "days", "from signing up to the day, at most", "people sign up when they are told")
    event_work: float = _p(0.7, "share", "of an account's work on its day", "exercises finished at home")
    event_span: float = _p(2.0, "days", "that an event lasts where there are links only", "workshops, hackathons")
    event_alike: float = _p(0.5, "share", "of what a group does that is common to it, for it to be more", "majority")
    event_partners: float = _p(
        0.1, "share", "of a group's number that it pays or refers among itself", "an organiser 1"
    )
    event_dated: float = _p(0.5, "share", "of links with a date, for dates to be asked for", "majority")
    event_links: float = _p(0.8, "share", "of what a group does at the same time that falls in it", "reasoned")
    awake_share: float = _p(
        0.03, "share", "of exchanges in the quietest hours above the usual: nobody sleeps", "people .01, queues .05"
    )
    restless_bits: float = _p(0.5, "bits", "of churn above the usual, for a group to keep no address", "phones vary")
    restless_sigma: float = _p(4.0, "deviations", "and so many of its mean", "convention")
    place_share: float = _p(
        0.2, "share", "of a group at an address that makes it a place where people meet", "reasoned"
    )
    venue_bits: float = _p(3.0, "bits", "against an account that works at one place with the group", "campus, hall")
    pooled: float = _p(8.0, "requests", "that weigh as much as the group's mean for a few-request account", "reasoned")

    # families
    cap_payment: float = _p(5.0, "bits", "cap of the family payment", "calibration")
    cap_network: float = _p(7.0, "bits", "cap of the family network", "calibration")
    cap_content: float = _p(11.0, "bits", "cap of the family content", "calibration")
    cap_timing: float = _p(10.0, "bits", "cap of the family timing", "calibration")
    cap_lifecycle: float = _p(3.0, "bits", "cap of the family lifecycle", "calibration")
    cap_other: float = _p(10.0, "bits", "cap of the family other", "calibration")
    speaks: float = _p(2.0, "bits", "from here a family speaks for itself", "odds of 4")

    # accounts and groups
    strong_bits: float = _p(9.0, "bits", "an account is strong from here", "prior odds of about 1 in 500")
    joint_bits: float = _p(3.0, "bits", "of joint work that a member and a ring need", "resellers and tools have none")
    mixture_steps: int = _p(16, "steps", "of the mixture's fit", "8 leave a twelfth of innocents in; 40 change little")
    share_least: float = _p(0.02, "share", "of a wrapper's users that are members, at least (most: 1 - it)", "prior")
    lack_bits: float = _p(6.0, "bits", "against an account that lacks one signal of the group, at most", "reasoned")
    work_cap: float = _p(3.0, "bits", "for or against an account by how much it does with the wrapper", "reasoned")
    member_odds: float = _p(0.0, "bits", "odds from which a user of the group's wrapper is a member", "calibration")
    loosely_tied: float = _p(0.05, "share", "of a full tie to the wrapper: one of its users", "public texts less")
    loose_odds: float = _p(2.0, "bits", "the same of one whom it ties by less than half", "calibration")
    families_least: int = _p(2, "families", "that speak for a ring beside its joint work", "independent evidence")
    together_bits: float = _p(6.0, "bits", "of timing that need no second family", "hand-over is nobody's habit")
    untied_odds: float = _p(4.0, "bits", "odds that a member needs whom no wrapper ties to the group", "calibration")
    beside_exits: float = _p(1.0, "bits", "of other families than the network, for such a member", "users of a VPN 0")
    chosen_bits: float = _p(6.0, "bits", "over the root of its size, more for a group without a wrapper", "calibration")
    tied_chosen: float = _p(6.0, "bits", "over the root of its size, more for the users of a wrapper", "calibration")
    quiet_least: int = _p(10, "accounts", "of a ring that three families convict without joint work", "reasoned")
    quiet_joint: float = _p(0.5, "bits", "of joint work that they need all the same", "resellers 0 to .2")
    watch_bits: float = _p(5.5, "bits", "score below which nothing is reported", "calibration")
    speaks_group: float = _p(0.8, "bits", "in the mean of a group, from here a family speaks for it", "a tenth at cap")
    speaks_network: float = _p(1.2, "bits", "the same of the network", "strangers at one provider .9")
    speaks_timing: float = _p(1.2, "bits", "the same of timing", "users of a tool .9")
    speaks_quietly: float = _p(0.25, "bits", "the same of cards and devices together", "innocents up to .18")
    speaks_alone: float = _p(1.0, "bits", "the same for three families without joint work", "odds of 2 a member")
    speaks_total: float = _p(15.0, "bits", "in all, that a family must say to speak for a group", "odds of 1 in 30,000")
    least_share: float = _p(0.1, "share", "of strong accounts for a candidate to be looked at again", "cost")
    promising_bits: float = _p(2.5, "bits", "of sharing, without which a candidate is not looked at closely", "cost")
    dealt_bits: float = _p(3.0, "bits", "for payloads dealt out that make content enough", "draws: the bound is loose")
    dealt_hint: float = _p(1.0, "bits", "for payloads dealt out that need another witness", "draws 0")
    drawn_ratio: float = _p(3.5, "ratio", "of triples to the fewest of draws: popular texts", "hackathons 7; queues 1")
    drawn_bits: float = _p(2.0, "bits", "for more than that, to tell that payloads are drawn", "odds of 4")
    dealt_least: int = _p(30, "accounts", "of a ring that content alone convicts", "a panel of annotators is smaller")
    together: float = _p(0.75, "share", "of random cross connections from which two parts are one work", "reasoned")
    one_hand: float = _p(0.25, "share", "the same of cards, addresses and links: one hand holds both", "others to .17")
    one_work: float = _p(0.25, "share", "of those by work, from which two parts of one hand are one", "as one_hand")
    reunited: float = _p(0.2, "share", "of a wrapper's users that are in rings, for parts to be one", "tried by others")
    standing: float = _p(0.8, "share", "of a whole's core that its parts must keep to be told apart", "reasoned")
    settled: float = _p(0.9, "share", "of a core that stands after the last pass", "the rest hover at the threshold")
    near_payloads: int = _p(2, "payloads", "in common with a ring, for an account to be looked at", "one is chance")
    passes: int = _p(4, "passes", "over a core until it stands", "cost")
    torn: float = _p(0.03, "share", "of random cross connections below which nothing holds parts together", "reasoned")
    torn_payloads: float = _p(0.3, "share", "the same of payloads alone, where one part convicts another", "as apart")
    bears_out: float = _p(0.3, "share", "of a ring's other evidence that makes a part its queue", "strangers 0")
    torn_least: float = _p(10.0, "connections", "that two parts should have at random, to tell that", "odds of e^10")
    apart: float = _p(0.2, "share", "of random cross connections below which works are apart", "reasoned")

    pool_apart: float = _p(0.05, "share", "of random connections by cards, addresses: pools apart", "lots .03 to .2")
    pool_told: float = _p(5.0, "connections", "that two pools should have at random, to tell that", "odds of e^5")
    pool_sent: float = _p(2.0, "connections", "by payloads that make two pools one", "one payload is chance")
    pool_queue: float = _p(0.05, "share", "of random connections by payloads: one queue", "rings .28; others 0")
    pool_least: float = _p(20.0, "accounts", "of a pool of its own", "lots of cards, households")
    pool_days: float = _p(0.3, "share", "of its days that a pool has in common with another", "replaced ones 0 to .1")

    belonging_heads: int = _p(2, "accounts", "of a ring that use an object, for it to be the ring's", "one is chance")
    belonging_bits: float = _p(4.0, "bits", "that each of two families says for an account of the ring", "1 in 16")
    belonging_odds: float = _p(2.0, "bits", "odds from which two families are enough", "four to one")
    belonging_paid: float = _p(0.0, "bits", "odds from which a ring's card is enough", "more likely than not")
    belonging_most: float = _p(3.0, "ratio", "of associates to those that stand; more, and nobody is one", "a hall 5")
    belonging_silent: int = _p(12, "requests", "of a ring's card holder that would have shown more", "reasoned")

    lone_bits: float = _p(5.5, "bits", "strong_bits where there are links only", "two shared objects")

    # tiers and probability
    high_bits: float = _p(12.0, "bits", "score of the tier high", "calibration")
    medium_bits: float = _p(7.5, "bits", "score of the tier medium, for a ring of 25 accounts", "calibration")
    medium_small: float = _p(9.0, "bits", "over the root of its size, more for smaller rings", "as chosen_bits")
    even_bits: float = _p(2.4, "bits", "score at which a ring is as likely as not", "fitted on simulated worlds")
    slope: float = _p(0.61, "1", "bits of log-odds for one bit of score", "fitted on simulated worlds")

    # what a tier needs beside bits (explain.py), and how sure one is of a member
    high_probability: float = _p(0.9, "share", "probability of the tier high at least", "one wrong in ten")
    medium_probability: float = _p(0.5, "share", "probability of the tier medium at least", "more likely than not")
    false_discovery: float = _p(0.05, "share", "q-value of the tiers high and medium at most", "convention")
    member_shift: float = _p(-10.6, "bits", "above even_bits: where a member is as likely as not", "calibrate")
    member_slope: float = _p(0.55, "1", "bits of log-odds for one bit of a member's", "calibrate")

    # how often chance does as much, and what decisions change
    null_draws: int = _p(499, "groups", "of strangers that rings are compared with", "p from .002; cost")
    null_neighbours: int = _p(64, "accounts", "of like activity among which a stranger is drawn", "reasoned")
    prior_rings: float = _p(20.0, "rings", "that the packaged curve weighs when decisions refit it", "reasoned")

    # who is in a ring without being a member
    victim_days: float = _p(30.0, "days", "that the owner of a stolen key was there before the ring", "reasoned")
    victim_share: float = _p(0.7, "share", "of its requests that the owner sends from places of its own", "reasoned")
    victim_before: float = _p(14.0, "days", "of work on its own before it meets the ring's addresses", "reasoned")
    hands_own: float = _p(0.6, "share", "of an account's requests that are its owner's, beside a thief's", "majority")
    hands_apart: float = _p(0.85, "share", "of its requests that are clearly one hand's or the other's", "reasoned")
    hands_elsewhere: float = _p(0.4, "share", "of a member's requests from its own addresses, to be much", "reasoned")
    hands_rare: float = _p(0.1, "share", "of a ring's other members that do so, at most, to believe it", "reasoned")
    hands_many: float = _p(0.3, "share", "of a ring's accounts in which two hands show, to believe it", "hiding: .26")
    hands_days: float = _p(7.0, "days", "that a stolen key is used", "simulated: 2 in the median; members 20")
    hands_brief: float = _p(0.5, "ratio", "of days that they are used to those by chance, at most", "members 1")
    customer_requests: int = _p(30, "requests", "of an account that would have shown joint work", "reasoned")

    # identity over nights
    lineage_same: float = _p(0.3, "share", "of the smaller of two rings in common, for them to be one", "churn")
    lineage_least: int = _p(3, "accounts", "in common at least", "most of the smallest ring")
    lineage_share: float = _p(
        0.3, "share", "of a new ring's object bits, and of its accounts, tied to the old one", "simulated fail-overs"
    )
    lineage_bits: float = _p(8.0, "bits", "that the objects taken over are worth at least", "odds of 1 in 256")
    lineage_gap: float = _p(336.0, "hours", "from the old one's silence to the new one's start, at most", "reasoned")
    lineage_overlap: float = _p(12.0, "hours", "that the two may overlap", "banned in batches")
    lineage_settled: float = _p(0.9, "share", "of a ring's accounts that must have come or fallen silent", "stragglers")
    lineage_objects: int = _p(100, "objects", "of one kind that are remembered of a ring", "bounded memory")
    lineage_rings: int = _p(2_000, "rings", "that are remembered after they are gone", "bounded memory")

    def without_traffic(self) -> Parameters:
        """The parameters for a world that has links but no exchanges: two shared objects of one's own must do."""
        return replace(
            self, strong_bits=self.lone_bits, medium_bits=min(self.medium_bits, self.lone_bits - 0.5),
            even_bits=self.lone_bits - 1.0, watch_bits=self.lone_bits - 1.0,
            chosen_bits=self.lone_chosen, joint_bits=self.lone_joint, tied_chosen=0.0,
            medium_small=0.0, untied_odds=1e9,
            link_cohesion=self.lone_cohesion, same_time_cap=self.lone_time,
            promising_bits=min(self.promising_bits, self.lone_bits),
        )  # fmt: skip

    def cap(self, family: Family) -> float:
        """The cap of a family, in bits."""
        return float(getattr(self, f"cap_{family}"))
