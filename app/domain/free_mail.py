"""Mail providers where anybody has an address for the asking: it proves no employer.

The large ones of many countries, by their own sign-up pages; not complete, and it need
not be: a provider that is missing is taken for an institution nobody has listed.
"""

from __future__ import annotations

_PROVIDERS = """
163.com 126.com abv.bg aim.com aol.com arcor.de att.net bigpond.com bk.ru
bluewin.ch bol.com.br btinternet.com centrum.cz comcast.net daum.net email.cz
fastmail.com free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net
hanmail.net hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it
hushmail.com icloud.com inbox.lv inbox.ru interia.pl laposte.net libero.it list.ru
live.co.uk live.com live.fr live.nl mac.com mail.com mail.de mail.ru mailbox.org me.com
msn.com naver.com o2.pl onet.pl op.pl orange.fr outlook.com outlook.de outlook.es
outlook.fr pm.me posteo.de proton.me protonmail.com qq.com rambler.ru
rediffmail.com rocketmail.com sapo.pt seznam.cz sfr.fr sina.com sohu.com
t-online.de telenet.be terra.com.br tuta.com tutanota.com ukr.net uol.com.br
virgilio.it wanadoo.fr web.de wp.pl yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk
yahoo.com yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com yandex.ru
yeah.net ymail.com zoho.com
"""
# As `addresses.canonical` writes them, so googlemail.com is gmail.com.
FREE_MAIL = frozenset(_PROVIDERS.split())
