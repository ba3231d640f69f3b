from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from leadfunnel.views import method_not_allowed


class ReadableMethodNotAllowed:
    """Django answers 405 with an empty page: what somebody sees whose login ended on pressing a button.

    The login page then sends them back to the button's address, by GET.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or response.content:
            return response
        page = method_not_allowed(request)
        page["Allow"] = response["Allow"]
        return page
