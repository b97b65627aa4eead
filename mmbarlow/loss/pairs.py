"""Which of several views of an image are compared."""

from dataclasses import dataclass
from itertools import combinations, product

from .errors import InputError

RULES = ('all', 'global', 'global-any')


@dataclass(frozen=True)
class ViewPairs:
    """ViewPairs of V views, the global ones first: each of these with every other view.

    Attributes:
        global_views: G, compared with each other and with the local ones.
        local_views: V - G, such as small crops, which are not compared with each other.
    """

    global_views: int
    local_views: int = 0

    @property
    def places(self) -> list[tuple[int, int]]:
        """The pairs, each with the lower place first."""
        G, V = self.global_views, self.global_views + self.local_views
        return [*combinations(range(G), 2), *product(range(G), range(G, V))]

    def __len__(self) -> int:
        G = self.global_views
        return G * (G - 1) // 2 + G * self.local_views


def pairs_of(views: int, rule: str = 'all', global_views: int | None = None) -> ViewPairs:
    """The pairs of `views` embeddings by one of three rules.

    Args:
        views: V, how many there are; the global ones come first.
        rule: 'all' pairs; 'global', pairs of global views alone; 'global-any', pairs with a global
            view in them.
        global_views: G; by default all.

    Raises:
        InputError: there is no such rule, or no pair.
    """
    if rule not in RULES:
        raise InputError(f"pairs {rule!r} do not exist: take 'all', 'global' or 'global-any'.")
    G = views if global_views is None else global_views
    if not 1 <= G <= views:
        raise InputError(f'global_views is {G}, of {views} views: take 1 to {views}.')
    local = views - G if rule == 'global-any' else 0
    found = ViewPairs(views if rule == 'all' else G, local)
    if not len(found):
        raise InputError(
            f'{views} {"view makes" if views == 1 else "views make"} no pair by the rule '
            f'{rule!r} with {G} global: give two views of each image, or more.'
        )
    return found
