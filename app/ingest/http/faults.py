"""What can go wrong when an outside service is asked; each fault has its own stable code."""

from app.core.errors import UpstreamAuthError, UpstreamError


class NotFoundError(UpstreamError):
    """The outside service answers, but does not know what was asked for."""

    code = "upstream_not_found"


class ForbiddenError(UpstreamAuthError):
    """The outside service knows who asks, or does not care, and refuses (HTTP 403)."""

    code = "upstream_forbidden"


class UnusableTokenError(UpstreamAuthError):
    """A token that no request can carry: nobody was asked."""

    code = "token_unusable"


class MalformedError(UpstreamError):
    """The outside service answers, but not in the form it should."""

    code = "upstream_malformed"


class TooLongError(MalformedError):
    """The answer is longer than we are ready to hold; a smaller question may do."""

    code = "upstream_too_long"


class TryAgainError(UpstreamError):
    """A fault that may pass; ``after_seconds`` is what the service asked for."""

    def __init__(self, message: str, after_seconds: float = 0.0) -> None:
        """Keep the wait that was asked for, in seconds."""
        super().__init__(message)
        self.after_seconds = after_seconds


class TimedOutError(TryAgainError):
    """The outside service takes too long."""

    code = "upstream_timeout"


class UnreachableError(TryAgainError):
    """There is no connection to the outside service, or it broke."""

    code = "upstream_unreachable"


class RateLimitedError(TryAgainError):
    """The outside service was asked too often; ``after_seconds`` 0 where it does not say more."""

    code = "upstream_rate_limited"
