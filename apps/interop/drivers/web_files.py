"""PUT and GET of uploaded files with nothing but the standard library, which trusts what SSL_CERT_FILE names."""

import asyncio
import urllib.error
import urllib.request

PATIENCE = 15


def _ask(request):
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.headers, refusal.read()


async def put(url, headers, body, content_type):
    """The status of the answer."""
    headers = {**headers, "Content-Type": content_type}
    request = urllib.request.Request(url, data=body, method="PUT", headers=headers)
    status, _, _ = await asyncio.to_thread(_ask, request)
    return status


async def get(url):
    """Status, headers and body."""
    return await asyncio.to_thread(_ask, urllib.request.Request(url))


async def check_file(url, content_type, disposition, body):
    """What browsers need to do no harm with it (XEP-0363 §10.1)."""
    status, headers, found = await get(url)
    assert status == 200 and found == body, (status, len(found))
    assert headers["Content-Type"] == content_type, headers["Content-Type"]
    assert headers["Content-Disposition"].startswith(disposition), headers["Content-Disposition"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
