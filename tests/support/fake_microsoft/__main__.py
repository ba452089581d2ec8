"""Runs the fake until interrupted: one application, two mailboxes, addresses on the screen."""

import threading

from . import FakeMicrosoft


def main() -> None:
    with FakeMicrosoft() as fake:
        fake.add_app("app", secrets={"s3cret": 4e9})
        fake.add_user("approvals@example.com")
        fake.add_user("alice@example.com")
        print(f"authority: {fake.authority}\ngraph_url: {fake.graph_url}\nca_file:   {fake.ca_file}")
        print("client_id: app   client_secret: s3cret   mailboxes: approvals@example.com alice@example.com")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("stopped")


if __name__ == "__main__":
    main()
