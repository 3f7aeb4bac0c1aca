# SPDX-License-Identifier: GPL-2.0-or-later
"""Stands between kvmtune and the services, as an HTTP proxy, and lets a test act at a chosen request."""
import http.server
import threading
import time
import urllib.error
import urllib.request

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Cut(Exception):
    """Raised by `before`: no answer. With `after`, half of one."""


class Between(http.server.ThreadingHTTPServer):
    """before(request) may act, raise Cut, or return an answer (status, headers, body), so that the service is not asked;
    after(request, status) may act, raise Cut, or return another answer than the service's. A request has method, url,
    body (text), token, and the moment (at) when it came."""
    daemon_threads = True

    def __init__(self, before=None, after=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.before, self.after, self.seen = before, after, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def environment(self):
        return {"http_proxy": "http://127.0.0.1:%d" % self.server_port, "no_proxy": ""}

    def handle_error(self, *_):
        pass  # whose connection is cut complains


class Request:
    def __init__(self, method, url, body, token):
        self.method, self.url, self.body, self.token = method, url, body, token
        self.at = time.monotonic()

    def changes(self, what):
        """Is it the POST that does this? flavor, extra_specs, resize, confirmResize, ..."""
        return self.method == "POST" and self.body.startswith('{"%s"' % what)


class Handler(http.server.BaseHTTPRequestHandler):
    def handle_one_request(self):
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def answer(self, status, headers, body=b"", cut=False):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    def forward(self, request, data):
        onward = urllib.request.Request(request.url, data, method=request.method)
        for name, value in self.headers.items():
            if name.lower() not in ("host", "connection", "proxy-connection", "content-length", "accept-encoding"):
                onward.add_header(name, value)
        try:
            with DIRECT.open(onward, timeout=60) as response:
                return response.status, response.headers.items(), response.read()
        except urllib.error.HTTPError as e:
            return e.code, e.headers.items(), e.read()
        except OSError:
            raise Cut() from None

    def do(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        request = Request(self.command, self.path, (data or b"").decode(), self.headers.get("X-Auth-Token"))
        self.server.seen.append(request)
        try:
            own = self.server.before(request) if self.server.before else None
            status, headers, body = own or self.forward(request, data)
        except Cut:
            self.close_connection = True
            return
        cut = False
        try:
            if self.server.after:
                status, headers, body = self.server.after(request, status) or (status, headers, body)
        except Cut:
            cut = True
        self.answer(status, headers, body, cut)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do

    def log_message(self, *_):
        pass
