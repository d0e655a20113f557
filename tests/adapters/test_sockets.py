"""What a broker's name stands for, whatever the owner wrote."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from voiced.adapters.sockets import addresses_of


@pytest.mark.parametrize("host", ["a..b", "x" * 70, "a\0b", "no.such.host.invalid", ""])
def test_what_is_no_name_stands_for_nothing(host: str) -> None:
    assert ip_address("192.0.2.7") not in addresses_of(host)


def test_an_address_stands_for_itself() -> None:
    assert addresses_of("192.0.2.7") == {ip_address("192.0.2.7")}
