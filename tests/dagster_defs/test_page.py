"""Dagster's page in a real Chromium, from an empty root to the plot of a feeder.

And what another page in the same browser can do with it: nothing (docs/security.md).
"""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
from conftest import load_profile, query
from pages import PATIENCE, serve

LAUNCH = """
mutation Attack { launchRun(executionParams: {
    selector: {
        repositoryLocationName: "dagster_defs.definitions",
        repositoryName: "__repository__",
        jobName: "load_profile"
    },
    runConfigData: "%s"
}) {
    __typename
    ... on RunConfigValidationInvalid { errors { message } }
    ... on PythonError { message }
} }
"""
OTHER_PROGRAM = "{resources: {dbt: {config: {dbt_executable: /bin/touch}}}}"
RUNS = "{ runsOrError { __typename ... on Runs { results { runId } } } }"
JSON = {"Content-Type": "application/json"}
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "graphql-ws",
}
# an image, forms, requests and a websocket, all of them sent by a page of somebody else
FOREIGN_PAGE = """<!doctype html><title>cats</title><iframe name="sink"></iframe><script>
const place = %s, query = %s, url = place + "/graphql?query=" + encodeURIComponent(query);
const image = () => new Promise(done => {
    const picture = new Image(); picture.onload = picture.onerror = done; picture.src = url;
});
const form = (method, kind) => new Promise(done => {
    const form = document.createElement("form"), field = document.createElement("input");
    Object.assign(form, {action: url, method, enctype: kind, target: "sink"});
    Object.assign(field, {name: "query", value: query}); form.append(field);
    document.body.append(form); document.querySelector("iframe").onload = done; form.submit();
});
const ask = (options) => fetch(options.method ? place + "/graphql" : url, options).catch(() => 0);
const socket = () => new Promise(done => {
    const socket = new WebSocket(place.replace("http", "ws") + "/graphql", "graphql-ws");
    socket.onopen = () => {
        socket.send('{"type": "connection_init"}');
        socket.send(JSON.stringify({type: "start", id: "1", payload: {query}}));
        setTimeout(() => done(1), 2000);
    };
    socket.onerror = () => done(0);
});
onload = async () => {
    const body = JSON.stringify({query}), opened = [];
    await image();
    await form("get", "text/plain");
    await form("post", "text/plain");
    await form("post", "application/x-www-form-urlencoded");
    await ask({mode: "no-cors"});
    await ask({mode: "no-cors", method: "POST", body});
    await ask({method: "POST", body, headers: {"Content-Type": "application/json"}});
    navigator.sendBeacon(url, body);
    document.title = await socket() ? "a websocket opened" : "all refused";
};
</script>"""


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    """Exports of two feeders, not taken in yet."""
    root = tmp_path_factory.mktemp("page")
    assert load_profile("sample", "--feeders", 2, "--months", 1, "--root", root).returncode == 0
    return root


@pytest.fixture(scope="module")
def address(root) -> Iterator[str]:
    """Where `load-profile ui` serves that root."""
    with serve(root) as address:
        yield address


@pytest.fixture
def page(browser) -> Iterator:
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.set_default_timeout(PATIENCE * 1000)
    yield page
    page.close()


def is_launch(response) -> bool:
    return "launchMultipleRuns" in (response.request.post_data or "") or (
        "launchPipelineExecution" in (response.request.post_data or "")
    )


def wait_until_no_process_is_left_of_the_run(root: Path) -> None:
    def is_left(process: Path) -> bool:
        try:
            is_ours = str(root).encode() in (process / "environ").read_bytes()
            return is_ours and b"spawn_main" in (process / "cmdline").read_bytes()
        except OSError:  # it has ended
            return False

    until = time.monotonic() + PATIENCE
    while left := [path for path in Path("/proc").glob("[0-9]*") if is_left(path)]:
        assert time.monotonic() < until, left
        time.sleep(0.2)


def test_materialize_all_turns_the_graph_green_and_shows_the_plot(root, address, page):
    page.goto(f"{address}/asset-groups")
    for group in ("raw", "staging", "marts", "files", "plots", "published", "report"):
        page.get_by_text(group, exact=True).first.wait_for()
    with page.expect_response(is_launch):
        page.get_by_role("button", name="Materialize all").click()
    page.goto(f"{address}/runs")
    page.get_by_text("Success", exact=True).wait_for()

    [(days, readings)] = query(
        root, "select count(distinct local_date), sum(reading_count) from feeder_days"
    )
    assert days == 31 and readings > 5_000
    assert (root / "lp/report.html").exists() and (root / "lp/north.csv").exists()
    wait_until_no_process_is_left_of_the_run(root)

    for asset, name in (("net_load_plot", "all"), ("planner_plots", "by-month")):
        page.goto(f"{address}/assets/{asset}")
        page.get_by_text("[Show Markdown]").first.click()
        plot = page.locator(f"img[alt={name}]")
        plot.wait_for()
        assert plot.evaluate("image => image.complete && image.naturalWidth") == 640


def test_a_check_says_what_it_looks_for_and_that_it_passed(address, page):
    page.goto(f"{address}/assets/gaps?view=checks")
    page.get_by_text("A gap only groups missing intervals").wait_for()
    page.get_by_text("Passed", exact=True).first.wait_for()


def sent(address: str, method: str, path: str, body: str = "", **headers: str) -> tuple[int, str]:
    """Status and text of one hand-made request."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=PATIENCE)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    text = "" if answer.status == 101 else answer.read().decode()
    connection.close()
    return answer.status, text


def run_ids(address: str) -> list[str]:
    status, text = sent(address, "POST", "/graphql", json.dumps({"query": RUNS}), **JSON)
    assert status == 200
    return [run["runId"] for run in json.loads(text)["data"]["runsOrError"]["results"]]


def test_a_run_cannot_be_given_another_program(address):
    body = json.dumps({"query": LAUNCH % OTHER_PROGRAM})
    status, text = sent(address, "POST", "/graphql", body, Origin=address, **JSON)
    said = json.loads(text)["data"]["launchRun"]
    assert status == 200 and said["__typename"] == "RunConfigValidationInvalid", said
    assert 'unexpected config entry "dbt"' in said["errors"][0]["message"]


def test_hand_made_requests_of_another_page_are_refused(address):
    runs, host = run_ids(address), address.removeprefix("http://")
    port = host.rpartition(":")[2]
    mutation = LAUNCH % "{}"
    by_get, body = f"/graphql?query={quote(mutation)}", json.dumps({"query": mutation})
    evil = "http://evil.example"
    for status, method, path, sent_body, headers in (
        (405, "GET", by_get, "", {}),
        (405, "GET", by_get, "", {"Accept": "text/html"}),
        (415, "POST", by_get, "", {"Content_Type": "text/plain"}),
        (415, "POST", "/graphql", mutation, {"Content_Type": "application/graphql"}),
        (403, "POST", "/graphql", body, {"Origin": evil, **JSON}),
        (421, "POST", "/graphql", body, {"Host": f"evil.example:{port}", **JSON}),
        (421, "GET", "/", "", {"Host": f"evil.example:{port}"}),
        (405, "OPTIONS", "/graphql", "", {}),
        (405, "POST", "/report_asset_materialization/gaps", "{}", JSON),
        (403, "GET", "/graphql", "", {**UPGRADE, "Origin": evil}),
        (403, "GET", "/graphql", "", UPGRADE),
        (403, "GET", "/graphql", "", {**UPGRADE, "Origin": "null"}),
        (101, "GET", "/graphql", "", {**UPGRADE, "Origin": address}),
    ):
        assert sent(address, method, path, sent_body, **headers)[0] == status, (method, headers)
    assert run_ids(address) == runs


def test_a_foreign_page_in_the_same_browser_starts_nothing(address, page):
    runs, host = run_ids(address), address.removeprefix("http://")
    text = FOREIGN_PAGE % (json.dumps(address), json.dumps(LAUNCH % "{}"))

    class Foreign(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_): ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Foreign) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in ("127.0.0.1", "cats.localhost"):
            page.goto(f"http://{name}:{server.server_port}/")
            page.wait_for_function("document.title != 'cats'")
            assert page.title() == "all refused"
        server.shutdown()
    # another name for the same server, as DNS rebinding would give it
    rebound = page.goto(f"http://cats.localhost:{host.rpartition(':')[2]}/")
    assert rebound.status == 421 and "allowed are" in rebound.text()
    assert run_ids(address) == runs
    # a link from there to the page goes on working
    assert page.goto(f"{address}/runs").status == 200
