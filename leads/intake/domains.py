"""Mail domains that belong to no company: free-mail providers and universities."""

from __future__ import annotations

import re

FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.co.in yahoo.co.jp yahoo.com.br yahoo.com.ar yahoo.com.mx
    yahoo.com.au yahoo.ca yahoo.de yahoo.es yahoo.fr yahoo.it yahoo.in ymail.com rocketmail.com myyahoo.com
    hotmail.com hotmail.co.uk hotmail.de hotmail.es hotmail.fr hotmail.it hotmail.nl hotmail.be hotmail.com.br
    outlook.com outlook.de outlook.es outlook.fr outlook.it outlook.com.br live.com live.co.uk live.de live.fr
    live.nl live.it live.ca live.com.au msn.com passport.com icloud.com me.com mac.com aol.com aim.com aol.co.uk
    aol.de gmx.de gmx.net gmx.com gmx.at gmx.ch gmx.fr web.de t-online.de freenet.de arcor.de posteo.de mailbox.org
    1und1.de online.de protonmail.com protonmail.ch proton.me pm.me tutanota.com tutanota.de tuta.io tuta.com
    hushmail.com fastmail.com fastmail.fm zoho.com zohomail.com mail.com email.com inbox.com usa.com yandex.com
    yandex.ru ya.ru mail.ru bk.ru list.ru inbox.ru rambler.ru qq.com vip.qq.com 163.com 126.com yeah.net sina.com
    sina.cn sohu.com foxmail.com aliyun.com naver.com daum.net hanmail.net nate.com orange.fr wanadoo.fr free.fr
    laposte.net sfr.fr neuf.fr bbox.fr libero.it virgilio.it alice.it tiscali.it tin.it email.it uol.com.br
    bol.com.br terra.com.br ig.com.br globo.com globomail.com oi.com.br r7.com bluewin.ch hispeed.ch sunrise.ch
    telenet.be skynet.be ziggo.nl kpnmail.nl planet.nl xs4all.nl home.nl hetnet.nl chello.nl btinternet.com
    virginmedia.com sky.com talktalk.net ntlworld.com blueyonder.co.uk comcast.net verizon.net att.net sbcglobal.net
    bellsouth.net cox.net charter.net earthlink.net juno.com optonline.net frontier.com windstream.net rogers.com
    shaw.ca sympatico.ca telus.net bigpond.com optusnet.com.au iinet.net.au xtra.co.nz rediffmail.com sify.com
    seznam.cz centrum.cz email.cz wp.pl o2.pl onet.pl interia.pl gazeta.pl op.pl abv.bg mail.bg ukr.net i.ua
    mynet.com mailinator.com guerrillamail.com yopmail.com duck.com hey.com telia.com online.no
    """.split()
)

# .edu, .ac.uk, .edu.au and their like, and the usual names of universities.
_ACADEMIC = re.compile(r"(?:^|\.)(?:edu|(?:edu|ac)\.[a-z]{2})$|(?:^|\.)(?:uni|fh|tu|hs|ens|univ)-[a-z0-9-]+\.[a-z]+$")


def domain_type(domain: str) -> str:
    """'free', 'academic' or 'business'; '' for no domain. `domain` is in lower case."""
    if not domain:
        return ""
    if domain in FREE_MAIL:
        return "free"
    return "academic" if _ACADEMIC.search(domain) else "business"


# Web addresses where many companies have a page: they tell none.
_SHARED_HOSTS = frozenset(
    """
    facebook.com linkedin.com instagram.com twitter.com x.com youtube.com tiktok.com xing.com pinterest.com
    google.com sites.google.com github.com medium.com linktr.ee wordpress.com blogspot.com wixsite.com
    """.split()
)


def is_shared_host(domain: str) -> bool:
    """Whether a domain says nothing about a company: free mail, a university, a social network."""
    return domain in _SHARED_HOSTS or domain_type(domain) != "business"
