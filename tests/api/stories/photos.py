"""Photos of salons: judged by what is in them, rid of what tells more than they show, served while a salon shows them."""
import contextlib
import hashlib
import os
import struct
import time

from lib.catalogue import everything
from lib.check import check, equal, eventually
from lib.crowd import at_once
from lib.images import GPS, jpeg, jpeg_of, png, png_of, webp, webp_of
from lib.salons import Salon

SALONS = "/api/salons/"


def _salon(w):
    salon = Salon(w)
    return salon, salon.hand_over()


def _path(salon):
    return f"{SALONS}{salon.id}/photos/"


def _add(client, salon, image, kind="image/png", **more):
    return client.request("POST", _path(salon), body=image, headers={"Content-Type": kind, **more})


def _files(w):
    root = w.base_settings()["MEDIA_ROOT"]
    return {name for folder, _, names in os.walk(root) if os.path.basename(folder) != "incoming" for name in names}


def _incoming(w):
    return os.listdir(os.path.join(w.base_settings()["MEDIA_ROOT"], "incoming"))


# ---- taken in ----

def a_photo_is_stored_by_its_content_and_served_as_it_is(w):
    salon, manager = _salon(w)
    for image, kind, ending in ((png(40, 30), "image/png", "png"), (jpeg(33, 22), "image/jpeg", "jpg"), (webp(21, 20), "image/webp", "webp")):
        made = _add(manager, salon, image, kind).expect(201).json
        equal(made["url"], f"/media/{hashlib.sha256(image).hexdigest()}.{ending}", "url")
        equal((made["media_type"], made["bytes"]), (kind, len(image)), "type and size")
        served = w.client().get(made["url"]).expect(200)
        equal((served.body, served.header("Content-Type")), (image, kind), "what is served")
    equal([(p["width"], p["height"]) for p in everything(w.client(), _path(salon) + "?limit=1")], [(40, 30), (33, 22), (21, 20)], "sizes")
    equal(_incoming(w), [], "files on their way")


def a_photo_loses_what_phones_and_programs_wrote_into_it(w):
    """Where it was taken above all: anybody may read it, and caches keep it. Which way is up is left, so that it is shown
    upright still; its size is told as it is shown."""
    salon, manager = _salon(w)
    for turned in (1, 3, 6):
        for make, bits, kind in ((jpeg_of, 64, "image/jpeg"), (png_of, 32, "image/png"), (webp_of, 8, "image/webp")):
            bits = os.urandom(bits)
            sent, left = (make(bits, 33, 22, turned=turned, secrets=secrets) for secrets in (True, False))
            if kind == "image/webp" and turned == 1:  # its header stays, and tells of nothing more
                left = left[:4] + struct.pack("<I", len(left) + 10) + b"WEBPVP8X\x0a" + bytes(7) + b"\x20\0\0\x15\0\0" + left[12:]
            made = _add(manager, salon, sent, kind).expect(201).json
            equal((made["width"], made["height"]), (22, 33) if turned == 6 else (33, 22), f"size of {kind} turned {turned}")
            served = w.client().get(made["url"]).expect(200).body
            check(GPS not in served and b"Sara" not in served and b"Cam" not in served, f"{kind} tells more than it shows")
            equal((served, made["bytes"]), (left, len(left)), f"what is left of {kind} turned {turned}")
            equal(made["url"].split("/")[-1].split(".")[0], hashlib.sha256(left).hexdigest(), "name")


def the_content_decides_not_what_is_said_about_it(w):
    salon, manager = _salon(w)
    equal(_add(manager, salon, jpeg(), "image/png").expect(201).json["media_type"], "image/jpeg", "media type")


def what_is_not_said_to_be_an_image_is_not_read(w):
    salon, manager = _salon(w)
    for kind in ("text/html", "application/octet-stream", "image/svg+xml", "image/gif", "", None):
        for language, text in (("en", "The content type must be image/jpeg, image/png or image/webp."),
                               ("ar", "يجب أن يكون نوع المحتوى image/jpeg أو image/png أو image/webp.")):
            answer = _add(manager.as_language(language), salon, png(), kind).expect(415, "photo.media_type")
            equal(answer.json["detail"], text, f"detail for {kind}")


def what_is_no_image_is_refused_and_leaves_nothing(w):
    salon, manager = _salon(w)
    files = _files(w)
    whole = png()
    for body in (b"", b"x", b"<svg/>", b"GIF89a" + bytes(50), whole[:-4], whole[:30], b"\xff\xd8\xff\xd9" + bytes(20), jpeg()[:-2], webp()[:-3],
                 b"<html>" + whole, whole[:8] + whole[33:]):
        answer = _add(manager, salon, body).expect(400, "photo.invalid")
        equal(answer.json["detail"], "This is not a whole JPEG, PNG or WebP image.", "detail")
    for image in (png(12001, 1), png(12000, 12000)):
        _add(manager, salon, image).expect(400, "photo.dimensions")
    equal((_files(w), _incoming(w)), (files, []), "files")
    equal(list(everything(w.client(), _path(salon))), [], "photos")


def the_same_photo_again_is_the_photo_it_was(w):
    salon, manager = _salon(w)
    image = png()
    first = _add(manager, salon, image).expect(201).json
    equal(_add(manager, salon, image).expect(201).json, first, "the second time")
    equal(len(list(everything(w.client(), _path(salon)))), 1, "photos")


def a_key_makes_one_photo_and_answers_all_alike(w):
    salon, manager = _salon(w)
    image, other, key = png(), png(), {"Idempotency-Key": "story-photo"}
    answers = at_once(range(8), lambda _: _add(manager.on(w.main), salon, image, **key).expect(201))
    equal(len({answer.body for answer in answers}), 1, "different answers")
    equal(sum(answer.header("Idempotency-Replayed") == "true" for answer in answers), 7, "replays")
    salon.change(timezone="Europe/Berlin")
    manager.delete(f"{_path(salon)}{answers[0].json['id']}/").expect(204)
    files = _files(w)
    with w.own_server() as server:  # as after a restart
        again = _add(manager.on(server).as_language("ar"), salon, image, **key).expect(201)
    equal((again.body, again.header("Idempotency-Replayed")), (answers[0].body, "true"), "the answer of what is removed since")
    _add(manager, salon, other, **key).expect(422, "idempotency.key_reused")
    _add(manager, salon, image, **{"Idempotency-Key": "a b"}).expect(400, "idempotency.key_invalid")
    equal((_files(w), list(everything(w.client(), _path(salon)))), (files, []), "files and photos")
    equal(_add(manager, salon, other, **{"Idempotency-Key": "story-photo-2"}).expect(201).json["bytes"], len(other), "with another key")


def a_photo_of_8_mib_streams_through_and_one_byte_more_is_refused(w):
    salon, manager = _salon(w)
    most = 8 << 20
    image = png(noise=most - len(png(noise=1)) + 1)
    equal(len(image), most, "size")
    made = _add(manager, salon, image).expect(201).json
    equal(hashlib.sha256(w.client().get(made["url"]).expect(200).body).hexdigest(), hashlib.sha256(image).hexdigest(), "what is served")
    with w.wire() as wire:
        wire.send(f"POST {_path(salon)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {manager.token}\r\nContent-Type: image/png\r\n"
                  f"Content-Length: {most + 1}\r\n\r\n")
        equal(wire.answer().status, 413, "status")


def a_photo_may_come_in_chunks(w):
    salon, manager = _salon(w)
    image = png(noise=200_000)

    def pieces():
        for start in range(0, len(image), 9973):
            yield image[start:start + 9973]
    made = _add(manager, salon, pieces()).expect(201).json
    equal(made["url"].split("/")[-1].split(".")[0], hashlib.sha256(image).hexdigest(), "content")


def who_may_not_is_told_before_the_body(w):
    salon, _ = _salon(w)
    customer, stranger = w.somebody("desk customer"), w.sign_in_manager()
    for token, status in ((None, 401), (customer.token, 403), (stranger.token, 404)):
        with w.wire() as wire:
            bearer = f"Authorization: Bearer {token}\r\n" if token else ""
            wire.send(f"POST {_path(salon)} HTTP/1.1\r\nHost: a\r\n{bearer}Content-Type: image/png\r\nContent-Length: 5000000\r\n"
                      "Expect: 100-continue\r\n\r\n")
            answer = wire.answer()
            equal((answer.status, answer.header("Connection")), (status, "close"), "status, and no leave to send")
    equal(_incoming(w), [], "files on their way")


def who_may_is_given_leave_to_send(w):
    salon, manager = _salon(w)
    image = png()
    with w.wire() as wire:
        wire.send(f"POST {_path(salon)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {manager.token}\r\nContent-Type: image/png\r\n"
                  f"Content-Length: {len(image)}\r\nExpect: 100-continue\r\n\r\n")
        equal(wire.answer().status, 100, "status")
        wire.send(image)
        equal(wire.answer().status, 201, "status")


def a_client_that_leaves_in_the_middle_leaves_nothing(w):
    salon, manager = _salon(w)
    files = _files(w)
    with w.wire() as wire:
        wire.send(f"POST {_path(salon)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {manager.token}\r\nContent-Type: image/png\r\n"
                  "Content-Length: 5000000\r\n\r\n")
        wire.send(png(noise=300_000)[:200_000])
        eventually(lambda: _incoming(w), "the file is being written")
    eventually(lambda: not _incoming(w), "the file is gone")
    equal(_files(w), files, "files")


def an_upload_that_stops_is_answered_408_and_leaves_nothing(w):
    salon, manager = _salon(w)
    image = png(noise=300_000)
    with w.own_server(WORKERS=1, STREAM_TIMEOUT_SECONDS=1) as server:
        with w.wire(server) as wire:
            wire.send(f"POST {_path(salon)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {manager.token}\r\nContent-Type: image/png\r\n"
                      f"Content-Length: {len(image)}\r\n\r\n")
            wire.send(image[:-1])
            equal(wire.answer().expect(408, "request.timeout").header("Connection"), "close", "Connection")
            check(wire.closed(), "the connection is still open")
        eventually(lambda: not _incoming(w), "the file is gone")
    equal(list(everything(w.client(), _path(salon))), [], "photos")


def a_photo_too_large_in_chunks_is_413_and_leaves_nothing(w):
    salon, manager = _salon(w)
    with w.wire() as wire:
        wire.send(f"POST {_path(salon)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {manager.token}\r\nContent-Type: image/png\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(130):
            if not wire.send(b"10000\r\n" + bytes(65536) + b"\r\n"):
                break
        equal(wire.answer().status, 413, "status")
    eventually(lambda: not _incoming(w), "the file is gone")


def an_upload_needs_little_memory(w):
    """Sixteen uploads of 6 MiB at once, all but their last byte sent: 96 MiB that the server must not hold."""
    salon, manager = _salon(w)
    # A sanitizer keeps what was freed, 256 MB of it unless told otherwise.
    with w.own_server(WORKERS=1, ASAN_OPTIONS="detect_leaks=1:print_stacktrace=1:quarantine_size_mb=8") as server, \
            contextlib.ExitStack() as ends:
        before = _resident(server)
        wires = [ends.enter_context(w.wire(server)) for _ in range(16)]
        for wire in wires:
            wire.send(f"POST {_path(salon)} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {manager.token}\r\nContent-Type: image/png\r\n"
                      f"Content-Length: {6 << 20}\r\n\r\n")
            wire.send(bytes((6 << 20) - 1))
        eventually(lambda: sum(os.path.getsize(os.path.join(w.base_settings()["MEDIA_ROOT"], "incoming", f)) for f in _incoming(w))
                   >= 16 * ((6 << 20) - 65536), "all of it is on the disk")
        grown = _resident(server) - before
        check(grown < 48 << 20, f"{grown >> 20} MiB more")
        for wire in wires:
            wire.close()
        eventually(lambda: not _incoming(w), "the files are gone")


def _resident(server):
    with open(f"/proc/{server.process.pid}/statm") as statm:
        return int(statm.read().split()[1]) * 4096


# ---- served ----

def a_photo_is_kept_by_those_who_have_it(w):
    salon, manager = _salon(w)
    image = png()
    url = _add(manager, salon, image).expect(201).json["url"]
    client = w.client()
    tag = client.get(url).expect(200).header("ETag")
    equal(tag, f'"{hashlib.sha256(image).hexdigest()}"', "ETag")
    equal(client.get(url).header("Cache-Control"), "public, max-age=3600, must-revalidate", "Cache-Control")
    for value in (tag, f'"other", {tag}', "W/" + tag, "*"):
        answer = client.get(url, headers={"If-None-Match": value}).expect(304)
        equal((answer.body, answer.header("ETag")), (b"", tag), "body and tag")
    client.get(url, headers={"If-None-Match": '"other"'}).expect(200)
    head = client.request("HEAD", url).expect(200)
    equal((head.header("Content-Length"), head.header("ETag")), (str(len(image)), tag), "length and tag of HEAD")


def what_no_photo_is_called_is_not_found(w):
    for name in ("x", "../../etc/passwd", "%2e%2e%2fx", "a" * 64 + ".gif", "A" * 64 + ".png", "a" * 64 + ".png", "a" * 63 + ".png", "incoming"):
        w.client().get(f"/media/{name}").expect(404)


def a_photo_can_be_nothing_else_in_a_browser(w):
    salon, manager = _salon(w)
    image = jpeg()
    made = _add(manager, salon, image + b"<script>alert(1)</script>").expect(201).json
    answer = w.client().get(made["url"]).expect(200)
    equal(answer.body, image, "what is served")  # phones put previews and films there
    equal((answer.header("Content-Type"), answer.header("X-Content-Type-Options")), ("image/jpeg", "nosniff"), "type")
    check("default-src 'none'" in answer.header("Content-Security-Policy"), "no policy")
    for hidden in (png() + b"PK\x03\x04", webp() + b"<html>"):
        _add(manager, salon, hidden).expect(400, "photo.invalid")


def a_range_is_answered_with_the_whole(w):
    """RFC 9110 14.2 lets a server ignore Range; photos are small, and kept by whoever has them."""
    salon, manager = _salon(w)
    image = png()
    url = _add(manager, salon, image).expect(201).json["url"]
    answer = w.client().get(url, headers={"Range": "bytes=0-3"}).expect(200)
    equal((answer.body, answer.header("Accept-Ranges")), (image, None), "body and Accept-Ranges")


def a_file_that_is_gone_from_the_disk_is_not_found_and_can_be_brought_again(w):
    salon, manager = _salon(w)
    image = png()
    url = _add(manager, salon, image).expect(201).json["url"]
    name = url.split("/")[-1]
    os.remove(os.path.join(w.base_settings()["MEDIA_ROOT"], name[:2], name))
    w.client().get(url).expect(404, "request.not_found")
    _add(manager, salon, image).expect(201)
    equal(w.client().get(url).expect(200).body, image, "what is served")


def a_slow_reader_gets_it_all(w):
    salon, manager = _salon(w)
    image = png(noise=3 << 20)
    url = _add(manager, salon, image).expect(201).json["url"]
    with w.wire() as wire:
        wire.send(f"GET {url} HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.5)
        equal(hashlib.sha256(wire.answer().body).hexdigest(), hashlib.sha256(image).hexdigest(), "content")
        equal(wire.answer().status, 200, "status of the next answer")


# ---- removed ----

def a_removed_photo_is_gone_with_its_file(w):
    salon, manager = _salon(w)
    made = _add(manager, salon, png()).expect(201).json
    manager.delete(f"{_path(salon)}{made['id']}/").expect(204)
    w.client().get(made["url"]).expect(404)
    equal(list(everything(w.client(), _path(salon))), [], "photos")
    check(made["url"].split("/")[-1] not in _files(w), "the file is still there")
    manager.delete(f"{_path(salon)}{made['id']}/").expect(404)


def a_file_stays_while_another_salon_shows_it(w):
    (one, manager), (two, other) = _salon(w), _salon(w)
    image = png()
    first, second = (_add(m, s, image).expect(201).json for m, s in ((manager, one), (other, two)))
    equal(first["url"], second["url"], "url")
    manager.delete(f"{_path(one)}{second['id']}/").expect(404)
    manager.delete(f"{_path(one)}{first['id']}/").expect(204)
    equal(w.client().get(second["url"]).expect(200).body, image, "what is served")
    other.delete(f"{_path(two)}{second['id']}/").expect(204)
    w.client().get(second["url"]).expect(404)


def photos_of_a_closed_salon_are_gone_with_their_files(w):
    (salon, manager), (other, neighbour) = _salon(w), _salon(w)
    shared, alone = png(), jpeg()
    kept = _add(neighbour, other, shared).expect(201).json["url"]
    equal(_add(manager, salon, shared).expect(201).json["url"], kept, "url")
    gone = _add(manager, salon, alone).expect(201).json["url"]
    tag = w.client().get(gone).expect(200).header("ETag")
    salon.change(timezone="Asia/Riyadh")
    manager.delete(f"{SALONS}{salon.id}/").expect(204)
    w.client().get(_path(salon)).expect(404)
    eventually(lambda: w.client().get(gone).status == 404, "the photo is gone")
    w.client().get(gone, headers={"If-None-Match": tag}).expect(404)
    check(gone.split("/")[-1] not in _files(w), "its file is still there")
    eventually(lambda: w.db.one("SELECT count(*) FROM catalogue_photo WHERE salon_id = %s", salon.id) == 0, "no row is left")
    eventually(lambda: w.db.one("SELECT count(*) FROM work WHERE kind = 'photos.closed'") == 0, "the work is done")
    equal(w.client().get(kept).expect(200).body, shared, "what another salon shows")


def a_salon_that_is_not_closed_keeps_its_photos(w):
    """A service of it is, and work for it comes by mistake."""
    salon, manager = _salon(w)
    image = png()
    url = _add(manager, salon, image).expect(201).json["url"]
    manager.delete(f"{SALONS}{salon.id}/services/{salon.service}/").expect(204)
    equal(w.db.one("SELECT count(*) FROM work WHERE kind = 'photos.closed' AND subject = %s", salon.id), 0, "pieces")
    w.db.rows("SELECT work_add('photos.closed', %s, 'files', now(), '')", salon.id)
    eventually(lambda: w.db.one("SELECT count(*) FROM work WHERE kind = 'photos.closed'") == 0, "the work is done")
    equal(w.client().get(url).expect(200).body, image, "what is served")
    equal(len(list(everything(w.client(), _path(salon)))), 1, "photos")


def adding_and_removing_at_once_never_leaves_a_photo_without_its_file(w):
    salons = [_salon(w) for _ in range(4)]
    image = png(noise=5000)

    def churn(pair):
        salon, manager = pair
        manager = manager.on(w.main)
        for _ in range(12):
            made = _add(manager, salon, image).expect(201).json
            manager.delete(f"{_path(salon)}{made['id']}/").expect(204)
        return _add(manager, salon, image).expect(201).json["url"]
    urls = at_once(salons, churn)
    for url in urls:
        equal(w.client().get(url).expect(200).body, image, "what is served")
    equal(_incoming(w), [], "files on their way")


def files_that_no_photo_names_are_swept(w):
    """What a crash between file and row leaves: gone when it is old, unless a photo of an open salon names it."""
    salon, manager = _salon(w)
    root = w.base_settings()["MEDIA_ROOT"]
    shard, image = os.path.join(root, "00"), png()
    named = _add(manager, salon, image).expect(201).json["url"].split("/")[-1]
    os.makedirs(shard, exist_ok=True)
    shown, orphan, young, closed = ("00" + (letter * 62) + ".png" for letter in "abcd")
    w.db.rows("UPDATE catalogue_photo SET content = %s WHERE content = %s", shown[:64], named[:64])
    of_old = Salon(w)
    of_old.change(active=False)
    w.db.rows("INSERT INTO catalogue_photo (salon_id, content, kind, width, height, bytes) VALUES (%s, %s, 'png', 1, 1, 1)",
              of_old.id, closed[:64])
    for name, age in ((shown, 7200), (orphan, 7200), (young, 0), (closed, 7200)):
        with open(os.path.join(shard, name), "wb") as file:
            file.write(image)
        os.utime(os.path.join(shard, name), (time.time() - age,) * 2)
    w.hasten("photos.sweep", 0)
    eventually(lambda: not os.path.exists(os.path.join(shard, orphan)), "the old file without a photo is gone")
    equal(sorted({shown, orphan, young, closed} & set(os.listdir(shard))), [shown, young], "what is left of ours")
    os.remove(os.path.join(shard, young))


def a_salon_has_50_photos_at_most(w):
    salon, manager = _salon(w)
    w.db.rows("INSERT INTO catalogue_photo (salon_id, content, kind, width, height, bytes) "
              "SELECT %s, encode(sha256(n::text::bytea), 'hex'), 'png', 1, 1, 1 FROM generate_series(1, 50) n", salon.id)
    files = _files(w)
    for language, text in (("en", "There are as many of these as there may be."), ("ar", "تم بلوغ الحد الأقصى المسموح به من هذه العناصر.")):
        equal(_add(manager.as_language(language), salon, png()).expect(409, "catalogue.too_many").json["detail"], text, "detail")
    equal((_files(w), _incoming(w)), (files, []), "files")


def without_a_place_for_them_there_are_no_uploads(w):
    salon, manager = _salon(w)
    server = w.server(MEDIA_ROOT=None)
    _add(manager.on(server), salon, png()).expect(501, "request.not_implemented")
    w.client(server=server).get("/media/" + "a" * 64 + ".png").expect(404)


def a_place_that_cannot_be_used_stops_the_start(w):
    code, _, err = w.command("serve", MEDIA_ROOT="/proc/nowhere", HTTP_LISTEN="off", ADMIN_LISTEN="off")
    check(code == 1 and "MEDIA_ROOT" in err and "/proc/nowhere" in err, f"exit {code}: {err}")


def what_others_are_still_writing_is_left_alone_at_a_start(w):
    incoming = os.path.join(w.base_settings()["MEDIA_ROOT"], "incoming")
    w.client()  # the main server has made it
    for name in ("11111111-0000-4000-8000-000000000000", "taken-33333333-0000-4000-8000-000000000000." + "a" * 64 + ".png"):
        path = os.path.join(incoming, name)
        with open(path, "wb") as file:
            file.write(b"half")
        with w.own_server():
            check(os.path.exists(path), f"{name} was taken away")
        os.remove(path)
