# SPDX-License-Identifier: GPL-2.0-or-later
"""A WSGI application on loopback, one request after the other: SQLite is never locked by another one."""
import wsgiref.simple_server


class Handler(wsgiref.simple_server.WSGIRequestHandler):
    # Many small writes would wait for the other side's late acknowledgements.
    wbufsize = -1

    def log_message(self, *_):
        pass


def serve(application, port):
    wsgiref.simple_server.make_server("127.0.0.1", int(port), application, handler_class=Handler).serve_forever()
